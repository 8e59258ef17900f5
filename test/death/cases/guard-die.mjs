// Hits a guard page of policy `die`, on the main thread or in a worker, in different places of the program. The
// report goes to standard error, its JSON line to standard output.
import { pbkdf2Sync } from 'node:crypto';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { GuardedPages } from '../../../dist/pages/index.js';
import { internSite } from '../../../dist/posix/index.js';

const where = isMainThread ? process.argv[2] : workerData;
const pages = GuardedPages.create({
  lengthBytes: 1 << 22,
  policy: where === 'throw' ? 'throw' : 'die',
  name: 'dying',
  maxBlocks: 1,
});
const page = pages.pageSizeBytes;
pages.open(page, page);
pages.own(0, 3 * page, 0);
const site = internSite('at open (app.js:40:12)\nat main (app.js:50:1)');
pages.blocks.setLive(0, { start: 2 * page - 64, sizeBytes: 61, slackBytes: 3, number: 1042, site });

function parsePacket(bytes) {
  // The loop's end is a safepoint: the stack names this function.
  for (let i = 0; i < 1e9; i++) bytes[i] = 1;
}

const places = {
  loop: () => parsePacket(pages.bytes.subarray(2 * page - 61, 3 * page)),
  throw: () => parsePacket(pages.bytes.subarray(2 * page - 61, 3 * page)),
  freed: () => {
    pages.blocks.setFreed(0, internSite('at close (app.js:60:3)'));
    pages.close(page, page);
    console.log(pages.bytes[2 * page - 60]);
  },
  // Native code that touches the page and runs on: no safepoint for longer than the helper thread waits.
  native: () => pbkdf2Sync(pages.bytes.subarray(2 * page, 2 * page + 8), 'salt', 2 ** 28, 8, 'sha512'),
};

if (isMainThread && process.argv[3] === 'worker') {
  pages.release();
  new Worker(new URL(import.meta.url), { workerData: where });
} else {
  places[where]();
  console.log('still alive');
}
