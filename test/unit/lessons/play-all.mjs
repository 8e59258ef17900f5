// Plays every lesson, compiled: lessons start threads and processes, and Node 20 runs no TypeScript. Prints each step as
// one line of JSON, with the words that are not in memory as the step says while it is looked at.
import { guard, lessons } from '../../../dist/index.js';

/** Those of other processes are gone by now. */
function wrongWords({ memory, child }) {
  if (child !== null) return [];
  return memory.flatMap(({ title, address, words }) =>
    words.flatMap(({ offset, name, after }) => {
      const at = address + BigInt(offset);
      const real = guard.isReadable(at, 8) ? guard.peek(at, 8) : null;
      return real === after ? [] : [`${title} ${name}: ${real}, said ${after}`];
    }),
  );
}

const plain = (_, value) => (typeof value === 'bigint' ? `0x${value.toString(16)}` : value);

for (const lesson of lessons) {
  for await (const { pictures, ...step } of lesson.play()) {
    const wrong = wrongWords(step);
    process.stdout.write(`${JSON.stringify({ ...step, pictures: pictures.length, wrong }, plain)}\n`);
  }
}
