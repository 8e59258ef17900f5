/** The addon in worker threads: each loads its own instance, uses it, and leaves nothing behind. */
import { once } from 'node:events';
import { closeSync, ftruncateSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { check, memoryMap, native, pageSize } from '../../../lib/posix/index.ts';
import { root } from '../../helpers/child.ts';

const addonPath = process.env.CHUNKYARD_ADDON ?? join(root, 'build', 'Release', 'chunkyard.node');
const page = pageSize();

/** Maps a file ten times, keeps all reachable, and answers; handles of two loads are handles to both. */
const source = `
  const { parentPort, workerData: { addonPath, fd, page } } = require('node:worker_threads');
  const first = require(addonPath);
  delete require.cache[addonPath];
  const second = require(addonPath);
  const { PROT_READ, PROT_WRITE, MAP_SHARED } = first.constants;
  globalThis.kept = Array.from({ length: 10 }, (_, index) => {
    const addon = index % 2 === 0 ? first : second;
    const mapping = addon.mmap(0n, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    const bytes = new Uint8Array(first.buffer(mapping, 0, page));
    Atomics.add(bytes, 0, 1);
    return { mapping, bytes };
  });
  parentPort.postMessage(first !== second);
  parentPort.once('message', () => {});
`;

function mapped(): number {
  return memoryMap().filter((range) => range.name === 'worker test').length;
}

function memoryFile(): number {
  const fd = check('memfd_create', native().memoryFile('worker test', 0));
  ftruncateSync(fd, page);
  return fd;
}

describe.runIf(process.platform === 'linux')('workers', () => {
  const endings: [string, (worker: Worker) => void][] = [
    ['ends', (worker) => worker.postMessage('end')],
    ['is terminated', (worker) => void worker.terminate()],
  ];
  for (const [what, end] of endings) {
    it(`leaves no mapping when it ${what}`, async () => {
      const fd = memoryFile();
      const workers = [1, 2, 3].map(
        () => new Worker(source, { eval: true, workerData: { addonPath, fd, page } }),
      );
      const answers = await Promise.all(workers.map((worker) => once(worker, 'message')));
      expect(answers).toEqual([[true], [true], [true]]);
      expect(mapped()).toBeGreaterThanOrEqual(10);
      await Promise.all(
        workers.map((worker) => {
          const exit = once(worker, 'exit');
          end(worker);
          return exit;
        }),
      );
      expect(mapped()).toBe(0);
      closeSync(fd);
    });
  }

  it('wrote into the same page', async () => {
    const fd = memoryFile();
    const { PROT_READ, MAP_SHARED } = native().constants;
    const mapping = native().mmap(0n, page, PROT_READ, MAP_SHARED, fd, 0);
    if (typeof mapping === 'number') throw new Error(`mmap: ${mapping}`);
    const worker = new Worker(source, { eval: true, workerData: { addonPath, fd, page } });
    await once(worker, 'message');
    await worker.terminate();
    expect(new Uint8Array(native().buffer(mapping, 0, page))[0]).toBe(10);
    expect(native().munmap(mapping)).toBe(0);
    closeSync(fd);
  });
});
