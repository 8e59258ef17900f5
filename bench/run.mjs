// Runs the benches, each in a fresh process, and prints one table each: `npm run bench [-- --quick] [--only NAME] [--save]
// [--traces FOLDER]`; the benches of recorded programs take the project's traces, or those of a folder.
// A bench is a file NAME.bench.mjs that prints one JSON document { title, columns, rows, notes } on standard output.
// Nothing here judges: a timing is looked at, compared within one run, and kept in bench/results with --save.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { describeMachine } from '../dist/costs/index.js';

const folder = new URL('.', import.meta.url).pathname;
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    save: { type: 'boolean' },
    only: { type: 'string' },
    traces: { type: 'string' },
  },
});
/** Handed on to the benches. */
const handedOn = [
  ...(values.quick ? ['--quick'] : []),
  ...(values.traces === undefined ? [] : ['--traces', resolve(values.traces)]),
];
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.bench.mjs'))
  .map((file) => file.replace('.bench.mjs', ''))
  .filter((name) => values.only === undefined || name === values.only);
if (names.length === 0) throw new Error(`no bench is called ${values.only}`);

const machine = describeMachine();
console.log(`${machine.cpu}, ${machine.cpus} CPUs, ${machine.kernel}, Node ${machine.node}`);
for (const name of names) {
  const args = [...process.execArgv, join(folder, `${name}.bench.mjs`), ...handedOn];
  const child = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 26,
  });
  if (child.status !== 0) throw new Error(`${name} ended with ${child.signal ?? child.status}`);
  const result = JSON.parse(child.stdout);
  const table = new Table({
    head: result.columns,
    style: { head: [], border: [] },
    colAligns: result.columns.map((_, i) => (i === 0 ? 'left' : 'right')),
  });
  table.push(
    ...result.rows.map((row) => row.map((cell) => (typeof cell === 'number' ? round(cell) : (cell ?? '-')))),
  );
  console.log(`\n${name}: ${result.title}\n${table}`);
  for (const note of result.notes ?? []) console.log(`  ${note}`);
  if (values.save) save(name, result);
}

/** Four digits at most: more would pretend to a precision that no timing has. */
function round(value) {
  return Number.isInteger(value) || value >= 1000
    ? String(Math.round(value))
    : String(Number(value.toPrecision(4)));
}

function save(name, { svg, ...result }) {
  const day = new Date().toISOString().slice(0, 10);
  mkdirSync(join(folder, 'results'), { recursive: true });
  const document = {
    format: 'chunkyard-bench 1',
    bench: name,
    date: day,
    quick: values.quick === true,
    machine,
    ...result,
  };
  writeFileSync(join(folder, 'results', `${name}-${day}.json`), `${JSON.stringify(document, null, 2)}\n`);
  if (svg) writeFileSync(join(folder, 'results', `${name}.svg`), svg);
}
