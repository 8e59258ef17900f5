/** Not attacks: what every technique relies on. */
import { classOf } from '../facts.ts';
import { needsCache, type Technique } from '../technique.ts';

export const firstFit: Technique = {
  name: 'first_fit',
  what: 'Not an attack: a freed block is handed out again, with its old bytes in it.',
  needs: 'nothing',
  corrupts: 'nothing',
  gains: 'nothing; a pointer that was kept sees what the next owner writes',
  scope: 'demonstration',
  run(lab) {
    const a = lab.malloc(0x518, 'a');
    lab.malloc(0x258, 'b');
    lab.free(a);
    const c = lab.malloc(0x508, 'c');
    lab.proveSame('c lies where a was', c, a);
  },
};

export const calcTcacheIdx: Technique = {
  name: 'calc_tcache_idx',
  what: 'Not an attack: which class of the cache a size belongs to.',
  needs: 'nothing',
  corrupts: 'nothing',
  gains: 'nothing; the arithmetic of the cache',
  scope: 'demonstration',
  notOn: needsCache,
  run(lab) {
    const { headsAt } = lab.facts.cache!;
    for (const chunkSize of [0x30, 0x100, 0x3f0]) {
      const block = lab.malloc(chunkSize - 8, `block${classOf(chunkSize)}`);
      lab.free(block);
      const what = `(0x${chunkSize.toString(16)} - 0x20) / 0x10 = ${classOf(chunkSize)} is the list that holds it`;
      lab.proveAddress(what, lab.cacheStruct(), headsAt + 8 * classOf(chunkSize), block);
    }
  },
};
