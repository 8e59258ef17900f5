/** The per-thread cache: single lists, kept in the blocks, tested for little. */
import { needsCache, type Technique } from '../technique.ts';

const needsMangling = (minor: number): string | null =>
  minor >= 32 ? null : 'links are not mangled before 2.32';

export const tcacheDup: Technique = {
  name: 'tcache_dup',
  what: 'Frees a block twice in a row.',
  needs: 'a double free',
  corrupts: 'nothing',
  gains: 'two owners of one block',
  scope: 'whole',
  notOn: needsCache,
  run(lab) {
    const a = lab.malloc(0x38, 'a');
    lab.free(a);
    lab.free(a);
    const first = lab.malloc(0x38, 'first');
    const second = lab.malloc(0x38, 'second');
    lab.proveSame('first and second are one block', first, second);
  },
};

export const tcachePoisoning: Technique = {
  name: 'tcache_poisoning',
  what: "A cached block's link leads to the target: the request after next is served there.",
  needs: 'a write after free; from 2.32 on the address of the block',
  corrupts: "a cached block's link",
  gains: 'a block at an address of choice',
  scope: 'whole',
  notOn: needsCache,
  run(lab) {
    const target = lab.malloc(0x100, 'target');
    const a = lab.malloc(0x88, 'a');
    const b = lab.malloc(0x88, 'b');
    lab.free(a);
    lab.free(b);
    lab.writeLink(b, 0, target, 0x20);
    lab.malloc(0x88, 'head');
    lab.proveSame('the block lies in the target', lab.malloc(0x88, 'won'), target, 0, 0x20);
  },
};

export const houseOfBotcake: Technique = {
  name: 'house_of_botcake',
  what: 'A block that a merge has swallowed is freed again, into the cache: it is part of two free chunks.',
  needs: 'a double free; from 2.32 on the address of the block',
  corrupts: "nothing, then a cached block's link",
  gains: 'a block at an address of choice',
  scope: 'whole',
  notOn: needsCache,
  run(lab) {
    const target = lab.malloc(0x100, 'target');
    const fillers = lab.mallocMany(lab.facts.fillers, 0x108);
    const prev = lab.malloc(0x108, 'prev');
    const a = lab.malloc(0x108, 'a');
    lab.malloc(0x18, 'guard');
    lab.freeMany(fillers);
    lab.free(a);
    lab.free(prev);
    lab.say('prev has merged with a. One place in the cache, and a goes there too: it carries no key.');
    lab.malloc(0x108, 'place');
    lab.free(a);
    const over = lab.malloc(0x128, 'over');
    lab.say("over is cut from prev and reaches into a, whose first word is the cache's link.");
    lab.writeLink(over, 0x110, target, 0x20);
    lab.malloc(0x108, 'head');
    lab.proveSame('the block lies in the target', lab.malloc(0x108, 'won'), target, 0, 0x20);
  },
};

export const decryptSafeLinking: Technique = {
  name: 'decrypt_safe_linking',
  what: 'A mangled link, read from a freed block, gives the address back: both have their upper bits in common.',
  needs: 'a read after free',
  corrupts: 'nothing',
  gains: 'the address of a block',
  scope: 'whole',
  notOn: ({ minor }) => needsMangling(minor),
  run(lab) {
    const a = lab.malloc(0x38, 'a');
    const b = lab.malloc(0x38, 'b');
    lab.free(a);
    lab.free(b);
    lab.say(
      'b links to a in the same page. The top 12 bits of the word are plain; they open the next 12, and so on.',
    );
    const distance = BigInt(a.pointer - lab.heap.space.breakStart);
    lab.prove(
      'decrypted, the link of b is the address of a',
      b,
      0,
      (word, { heap }) => decrypt(word) === heap + distance,
    );
  },
};

/** @returns the pointer in a link that was mangled with an address of the same page */
export function decrypt(link: bigint): bigint {
  let plain = link;
  for (let known = 12; known < 64; known += 12) plain = link ^ (plain >> 12n);
  return plain;
}

export const safeLinkDoubleProtect: Technique = {
  name: 'safe_link_double_protect',
  what: "A list that runs through the cache's own head slot: the link is unmangled twice, which cancels.",
  needs: 'a write after free, low bytes of the cache struct; no heap address',
  corrupts: "a cached block's link; two bytes of a list head",
  gains: 'a block at an address of choice, although links are mangled',
  scope: 'whole',
  notOn: ({ minor }) => needsMangling(minor),
  run(lab) {
    const struct = lab.cacheStruct();
    const { headsAt } = lab.facts.cache!;
    const target = lab.malloc(0x100, 'target');
    // A class whose head slot can be a block: its address must be a multiple of 16.
    const slot = headsAt + 8 * 2 + ((struct.pointer + headsAt) % 16);
    const first = (slot - headsAt) / 8;
    const linked = lab.malloc(16 * (first + 2) - 8, 'linked');
    const one = lab.malloc(0xa8, 'one');
    const two = lab.malloc(0xa8, 'two');
    lab.free(linked);
    lab.free(one);
    lab.free(two);
    lab.say(
      'The plain address of the target as a link: unmangled once, it is garbage, and stands in the head slot.',
    );
    lab.writeAddress(linked, 0, target, 0x20);
    lab.malloc(16 * (first + 2) - 8, 'again');
    lab.say(
      'Another list is led to that slot, by two low bytes of its head. Both words lie in one page of the heap:',
    );
    lab.say('unmangled a second time, with the same number, the garbage is the address again.');
    lab.writeLowBytes(struct, headsAt + 8 * (0xb0 / 16 - 2), 2, struct, slot);
    lab.malloc(0xa8, 'slot');
    lab.proveSame('the block lies in the target', lab.malloc(0xa8, 'won'), target, 0, 0x20);
  },
};
