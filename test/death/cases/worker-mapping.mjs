// Mappings in worker threads: used, given back at the worker's end, the break refused. Prints one JSON line.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { breakSource, memoryMap, mmap, mmapSource, pageSize } from '../../../dist/index.js';

const page = pageSize();

/** True if a range with these letters holds the address. */
function isMapped(address, protection) {
  const range = memoryMap().find(({ start, end }) => start <= address && address < end);
  return range?.protection === protection;
}

if (isMainThread) {
  const workers = [0, 1, 2].map(() => new Worker(new URL(import.meta.url)));
  const results = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0]));
  const during = results.map(({ address }) => isMapped(address + BigInt(page), '-w-'));
  for (const worker of workers) worker.postMessage('end');
  await Promise.all(workers.map((worker) => once(worker, 'exit')));
  const after = results.map(({ address }) => isMapped(address + BigInt(page), '-w-'));
  console.log(
    JSON.stringify({ during, after, sums: results.map(({ sum }) => sum), refusal: results[0].refusal }),
  );
} else {
  const kept = mmap({ length: 3 * page });
  kept.bytes.fill(7);
  // Letters that nothing else in the process has.
  kept.protect('w', { offset: page, length: page });

  const short = mmap({ length: page });
  short.bytes.fill(1);
  short.unmap();
  assert.equal(short.bytes.length, 0);

  const source = mmapSource({ limitBytes: 2 ** 20 });
  assert.ok(source.grow(page));
  assert.equal(source.baseAddress % 2n ** 32n, 0n);
  source.release();

  let refusal;
  try {
    breakSource();
  } catch (error) {
    refusal = error.code;
  }
  parentPort.postMessage({ address: kept.address, sum: kept.bytes[0] + kept.bytes[2 * page], refusal });
  // Keeps the mapping alive to the end of the thread.
  parentPort.once('message', () => kept.bytes[0]);
}
