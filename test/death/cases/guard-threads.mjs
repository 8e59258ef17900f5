// Guards and threads: workers that are terminated while a hit ends their function, and hits on threads that run no
// JavaScript. The argument names the policy of the latter. Prints one JSON document.

import { once } from 'node:events';
import { promisify } from 'node:util';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { deflate } from 'node:zlib';
import { GuardedPages, guard } from '../../../dist/pages/index.js';

const policy = isMainThread ? process.argv[2] : 'throw';
const pages = GuardedPages.create({ lengthBytes: 1 << 22, policy, name: 'threads' });
const page = pages.pageSizeBytes;
pages.open(page, page);
const { bytes } = pages;

if (!isMainThread) {
  parentPort.postMessage('runs');
  for (;;) {
    try {
      guard.run(() => {
        for (let i = 2 * page - 100; ; i++) bytes[i] = 1;
      });
    } catch (error) {
      if (error.code !== 'ERR_MEMORY_FAULT') throw error;
    }
  }
}

/** Rounds of a worker that does nothing but hit, ended at any moment. */
async function terminateWorkers(rounds) {
  const codes = [];
  for (let round = 0; round < rounds; round++) {
    const worker = new Worker(new URL(import.meta.url));
    await once(worker, 'message');
    await new Promise((resolve) => setTimeout(resolve, round % 20));
    codes.push(await worker.terminate());
  }
  return codes;
}

const terminated =
  policy === 'record' ? await terminateWorkers(Number(process.env.CHUNKYARD_ROUNDS ?? 10)) : [];
const rangesLeft = guard.status().ranges;
const since = guard.faultCount;
// Compressed on a thread of libuv's pool.
await promisify(deflate)(bytes.subarray(2 * page - 8, 2 * page + 8));
const [fault] = guard.faults({ since });
pages.rearm();
pages.release();
const { thread, access, jsStack, kind } = fault;
console.log(JSON.stringify({ terminated, rangesLeft, fault: { thread, access, jsStack, kind } }));
