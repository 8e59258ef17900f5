// What `guard.run` does in the places where an exception is hard to make. Prints one JSON document.

import vm from 'node:vm';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { GuardedPages, guard } from '../../../dist/pages/index.js';

const pages = GuardedPages.create({ lengthBytes: 1 << 22, policy: 'throw', name: 'throwing' });
const page = pages.pageSizeBytes;
pages.open(page, page);
const end = 2 * page;
const { bytes } = pages;
const rounds = Number(process.env.CHUNKYARD_ROUNDS ?? 20);

/** Never ends, and is compiled and optimised soon. */
function endless(start) {
  let sum = 0;
  for (let i = 0; ; i = (i + 1) & 4095) {
    bytes[start + i] = i;
    sum = (sum + i) | 0;
  }
}

const cases = {
  'an endless loop': () => endless(end - 4096 + 1),
  'a store and nothing more': () => {
    bytes[end] = 1;
  },
  'a sort callback': () => [3, 1, 2].sort((a, b) => bytes[end + a] - b || endless(end)),
  'a replace callback': () => 'aaaa'.replace(/a/g, () => endless(end)),
  'JSON.stringify': () => JSON.stringify({ toJSON: () => endless(end) }),
  'a generator': () => [
    ...(function* () {
      yield endless(end);
    })(),
  ],
  'a proxy': () => new Proxy({}, { get: () => endless(end) }).x,
  'code from text': () => new Function('f', 'end', 'f(end)')(endless, end),
  'another context': () => vm.runInNewContext('f(end)', { f: endless, end }),
  'deep recursion': () =>
    (function down(n) {
      return n === 0 ? endless(end) : down(n - 1) + 1;
    })(5000),
  'catch and finally': () => {
    try {
      endless(end);
    } catch {
      return 'caught inside';
    } finally {
      ran.finally = true;
    }
  },
  'a nested run': () => {
    try {
      guard.run(() => endless(end));
    } catch {
      endless(end + page);
    }
  },
};

const ran = { finally: false };
const failures = [];
let caught = 0;

function once(name, callee) {
  try {
    failures.push(`${name}: returned ${guard.run(callee)}`);
  } catch (error) {
    if (error.code !== 'ERR_MEMORY_FAULT') failures.push(`${name}: ${error.stack}`);
    else if (error.address < pages.address + BigInt(end)) failures.push(`${name}: ${error.address}`);
    else caught++;
  }
}

for (let round = 0; round < rounds; round++) {
  for (const [name, callee] of Object.entries(cases)) once(name, callee);
}

// What has nothing to do with guards passes.
const value = guard.run(() => 42);
let passed;
try {
  guard.run(() => JSON.parse('{'));
} catch (error) {
  passed = error.name;
}
// A late safepoint of a run that is over ends nothing.
for (let i = 0; i < 1e5; i++) Math.sqrt(i);
pages.release();
const result = { cases: Object.keys(cases).length, caught, failures, value, passed, finallyRan: ran.finally };

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url));
  worker.on('message', (fromWorker) =>
    console.log(JSON.stringify({ rounds, main: result, worker: fromWorker })),
  );
} else {
  parentPort.postMessage(result);
}
