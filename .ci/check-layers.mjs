// Proves that the layer rule of biome.json bites: for every layer, plants one upward import and one import past an
// index, and expects Biome to refuse both. A rule that checks nothing would otherwise look like a clean tree.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');
const rules = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8')).overrides.filter((o) =>
  /^lib\/\w+\/\*\*$/.test(o.includes[0]),
);
const layers = rules.map((o) => o.includes[0].split('/')[1]);
const present = readdirSync(join(root, 'lib'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

const problems = [];
for (const layer of present.filter((name) => !layers.includes(name)))
  problems.push(`lib/${layer} has no rule in biome.json`);

const probes = layers
  .filter((layer) => layer !== 'cli' && present.includes(layer))
  .flatMap((layer) => [
    { layer, kind: 'upward', text: "import { x } from '../cli/index.ts';\nexport const y = x;\n" },
    {
      layer,
      kind: 'past the index',
      text: `import { x } from '../${layer === 'core' ? 'posix' : 'core'}/units.ts';\nexport const y = x;\n`,
    },
  ]);
for (const probe of probes) {
  const folder = join(root, 'lib', probe.layer);
  if (!existsSync(folder)) mkdirSync(folder);
  const file = join(folder, 'layer-probe.ts');
  try {
    writeFileSync(file, probe.text);
    const result = spawnSync('npx', ['biome', 'lint', '--reporter=json', file], {
      cwd: root,
      encoding: 'utf8',
    });
    if (result.status === 0 || !result.stdout.includes('noRestrictedImports')) {
      problems.push(`lib/${probe.layer}: an import ${probe.kind} was not refused`);
    }
  } finally {
    rmSync(file, { force: true });
  }
}

if (probes.length < 8) problems.push(`only ${probes.length} probes were made`);
for (const problem of problems) console.error(`layers: ${problem}`);
if (problems.length > 0) process.exit(1);
console.log(`layers: ${present.length} folders have a rule; ${probes.length} planted imports were refused`);
