// One heap file and several that want it: a worker that is terminated while it has it open, or while it rewrites its
// links, and another process. Argument: the file. Prints one JSON line.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Heap, mmap } from '../../../dist/index.js';

const script = new URL(import.meta.url);

function openInWorker() {
  const { file, address } = workerData;
  const taken = address === undefined ? undefined : mmap({ length: 4096, address });
  // Moving, it is to be terminated meanwhile.
  if (taken) parentPort.postMessage('ready');
  const heap = Heap.open(file);
  if (!taken) parentPort.postMessage('ready');
  setInterval(() => [taken, heap], 1000);
}

function codeOf(work) {
  try {
    return work();
  } catch (error) {
    return error.code;
  }
}

async function start(data) {
  const worker = new Worker(script, { workerData: data });
  await once(worker, 'message');
  return worker;
}

async function main(file) {
  const seen = {};
  const heap = Heap.create({ source: { file }, limitBytes: 2 ** 24 });
  const blocks = Array.from({ length: 4000 }, (_, k) => heap.malloc(24 + ((k * 7919) % 700)));
  blocks.forEach((p, k) => {
    if (k % 2 === 0) heap.free(p);
    else heap.view(p).fill(k);
  });
  const address = heap.address(0);
  const use = (opened) => {
    const isKept = blocks.every((p, k) => k % 2 === 0 || opened.view(p).every((byte) => byte === (k & 255)));
    const isSound = opened.check().length === 0 && opened.recovery === null;
    opened.destroy();
    return isKept && isSound ? 'sound' : 'not sound';
  };
  seen.twice = codeOf(() => use(Heap.open(file)));
  const other = spawnSync(process.execPath, [fileURLToPath(script), file, 'open'], { encoding: 'utf8' });
  seen.otherProcess = other.stdout.trim();
  heap.destroy();

  const holder = await start({ file });
  seen.heldByWorker = codeOf(() => use(Heap.open(file)));
  await holder.terminate();
  seen.afterWorker = codeOf(() => use(Heap.open(file)));

  const afterMoves = new Set();
  for (let k = 0; k < 6; k++) {
    const mover = await start({ file, address });
    await new Promise((done) => setTimeout(done, 5 * k));
    await mover.terminate();
    afterMoves.add(codeOf(() => use(Heap.open(file))));
  }
  seen.afterMoves = [...afterMoves];
  const targets = readdirSync('/proc/self/fd').map((fd) => codeOf(() => readlinkSync(`/proc/self/fd/${fd}`)));
  seen.stillOpen = targets.filter((target) => target === file).length;
  console.log(JSON.stringify(seen));
}

const [file, isOther] = process.argv.slice(2);
if (!isMainThread) openInWorker();
else if (isOther) console.log(codeOf(() => Heap.open(file)));
else await main(file);
