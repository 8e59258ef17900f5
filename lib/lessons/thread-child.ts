/** The second thread of lesson 3: knows an address and nothing else. Reads the word there, writes another. */
import { parentPort, workerData } from 'node:worker_threads';
import { peek, poke } from '../posix/index.ts';
import { asWord } from './regions.ts';

const start = workerData as { chunkyardLesson?: boolean; address: bigint } | null;

if (start?.chunkyardLesson === true) {
  const seen = peek(start.address, 8);
  poke(start.address, asWord('thread 2'), 8);
  parentPort?.postMessage(seen);
}
