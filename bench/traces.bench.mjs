// What `.cytrace` costs: bytes per operation beside gzipped text, and operations decoded and encoded in a second, every
// check included. The built-in traces, and the study's where their folder lies beside the checkout.
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encodeTrace, formatTrace, openTrace, parseTrace, readTrace } from '../dist/trace/index.js';

const quick = process.argv.includes('--quick');
const rounds = quick ? 3 : 40;
const builtIn = new URL('../examples/traces/', import.meta.url).pathname;
const study = new URL('../../shared/traces/recorded/', import.meta.url).pathname;
const folder = existsSync(study) && !quick ? study : builtIn;
const files = readdirSync(folder).filter((file) => file.endsWith('.trace.gz'));
const scratch = mkdtempSync(join(tmpdir(), 'chunkyard-bench-'));

/** Least time of some rounds, in operations per second. */
async function rate(operations, work) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = process.hrtime.bigint();
    await work();
    best = Math.min(best, Number(process.hrtime.bigint() - start));
  }
  return operations / best / 1e-9;
}

async function drain(path) {
  let operations = 0;
  for await (const batch of await openTrace(path)) operations += batch.operationCount;
  return operations;
}

const rows = [];
for (const file of files) {
  const trace = await readTrace(join(folder, file));
  const { name, operationCount } = trace;
  const text = Buffer.from(formatTrace(trace));
  const path = join(scratch, 'trace.cytrace');
  writeFileSync(path, await encodeTrace(trace));
  const decoded = await rate(operationCount, () => drain(path));
  const encoded = await rate(operationCount, () => encodeTrace(trace));
  const parsed = await rate(operationCount, () => parseTrace(text));
  const perOperation = (bytes) => bytes / operationCount;
  rows.push([
    name,
    operationCount,
    perOperation(gzipSync(text).length),
    perOperation(statSync(path).size),
    decoded / 1e6,
    encoded / 1e6,
    parsed / 1e6,
  ]);
}
rmSync(scratch, { recursive: true });
rows.push(['least', null, null, null, Math.min(...rows.map((row) => row[4])), null, null]);
rows.push(['most', null, null, Math.max(...rows.slice(0, -1).map((row) => row[3])), null, null, null]);

console.log(
  JSON.stringify({
    title: 'traces in .cytrace and as text',
    columns: [
      'trace',
      'operations',
      'text.gz, bytes/op',
      '.cytrace, bytes/op',
      'decode, million ops/s',
      'encode, million ops/s',
      'text (unpacked), million ops/s',
    ],
    rows,
    notes: ['decode: from the file, unpacked, checked operation by operation, into typed arrays; one thread'],
  }),
);
