// Lets gdb read the arena of a chunkyard heap in another process and compares what it prints with what `chunks()`
// and `bins()` say: every chunk with address, size and flags, every list in its order. Two readers: the commands of
// examples/arena.gdb (nothing but gdb), and those of GEF, a public plugin, when the path of its gef.py is given.
// Usage: node .ci/check-debugger.mjs [gef.py]      (or GEF=gef.py). Needs a build and gdb on Linux x64.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { gefCommands, plainCommands, readGef, readPlain } from './debugger-readers.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const plugin = process.argv[2] ?? process.env.GEF;

function skip(reason) {
  console.log(`skipped: ${reason}`);
  process.exit(0);
}

if (spawnSync('gdb', ['--version']).status !== 0) skip('gdb is not installed');
if (plugin && !existsSync(plugin)) skip(`there is no plugin at ${plugin}`);
if (!existsSync(here('../dist/index.js'))) skip('there is no build (npm run build)');

/** Starts the process that holds the heap; it lives until `end`. */
async function startSubject(scenario, glibc) {
  const arguments_ = [here('debugger-subject.mjs'), scenario, glibc];
  const child = spawn(process.execPath, arguments_, { stdio: ['pipe', 'pipe', 'inherit'] });
  const { value } = await createInterface(child.stdout)[Symbol.asyncIterator]().next();
  if (value === undefined) throw new Error(`${scenario}: the process with the heap said nothing`);
  return { ...JSON.parse(value), end: () => child.stdin.end() };
}

function runGdb(pid, commands) {
  const before = [
    'set debuginfod enabled off',
    'set confirm off',
    'set width 0',
    'set index-cache enabled off',
  ];
  const options = ['-nx', '-q', '-batch', ...before.flatMap((line) => ['-iex', line]), '-p', String(pid)];
  const run = spawnSync('gdb', [...options, ...commands.flatMap((line) => ['-ex', line])], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    timeout: 120_000,
  });
  if (run.error) throw run.error;
  if (/ptrace: Operation not permitted/.test(run.stderr)) skip('this system does not let gdb attach');
  return { output: run.stdout, complaints: run.stderr };
}

/** Compares two lists of lines; prints the first that differ. */
function compare(what, ours, theirs, complaints) {
  const at = ours.findIndex((line, k) => line !== theirs[k]);
  if (at < 0 && ours.length === theirs.length && ours.length > 0) return true;
  const k = at < 0 ? ours.length : at;
  console.log(`  ${what}: line ${k + 1} differs (${ours.length} and ${theirs.length} lines)`);
  console.log(`    chunkyard ${ours[k] ?? '-'}\n    gdb       ${theirs[k] ?? '-'}`);
  const told = complaints
    .split('\n')
    .filter((text) => text !== '' && !text.startsWith('Error while writing index'));
  console.log(
    told
      .slice(-5)
      .map((text) => `    stderr    ${text}`)
      .join('\n'),
  );
  return false;
}

const line = ({ at, size, flags }) => `${at}/${size}/${flags}`;
const listLine = ({ name, chunks }) => `${name}: ${chunks.map(line).join(' ')}`;

const readers = {
  gdb: { commands: plainCommands, read: readPlain, takes: ({ glibc }) => glibc !== '2.31' },
  GEF: { commands: gefCommands, read: readGef, takes: () => plugin !== undefined },
};
const cases = [
  { scenario: 'known', glibc: '2.36' },
  { scenario: 'random', glibc: '2.36' },
  { scenario: 'two-heaps', glibc: '2.36' },
  { scenario: 'random', glibc: '2.31' },
  { scenario: 'random', glibc: '2.41' },
];

let failures = 0;
let runs = 0;
for (const { scenario, glibc } of cases) {
  const subject = await startSubject(scenario, glibc);
  if (subject.problems.length > 0) throw new Error(`${scenario}: the heap itself is broken`);
  for (const [name, reader] of Object.entries(readers)) {
    if (!reader.takes({ scenario, glibc })) continue;
    const { output, complaints } = runGdb(subject.pid, reader.commands({ ...subject, glibc, plugin, here }));
    const seen = reader.read(output);
    const isEqual =
      compare('chunks', subject.chunks.map(line), seen.chunks.map(line), complaints) &&
      compare('lists', subject.lists.map(listLine), seen.lists.map(listLine), complaints);
    runs++;
    if (!isEqual) failures++;
    const inLists = seen.lists.reduce((sum, { chunks }) => sum + chunks.length, 0);
    const counts = `${seen.chunks.length} chunks, ${inLists} of them in ${seen.lists.length} lists`;
    console.log(`${isEqual ? 'equal ' : 'DIFFER'} ${name}, ${scenario} heap of glibc ${glibc}: ${counts}`);
  }
  subject.end();
}
if (plugin === undefined) console.log('GEF was not asked: give the path of gef.py, or set GEF');
console.log(`${runs - failures} of ${runs} comparisons equal`);
process.exit(failures === 0 && runs > 0 ? 0 : 1);
