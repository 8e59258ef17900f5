/** The unsorted list: until 2.27 nothing tested its links when a chunk was taken off. */
import type { Technique } from '../technique.ts';

export const unsortedBinAttack: Technique = {
  name: 'unsorted_bin_attack',
  what: "An unsorted chunk's bk leads to the target: taking the chunk off writes the list head's address there.",
  needs: 'a write after free',
  corrupts: "an unsorted chunk's bk",
  gains: 'a large number, an address of the arena, at a place of choice',
  scope: 'whole',
  run(lab) {
    const target = lab.malloc(0x100, 'target');
    const victim = lab.malloc(0x428, 'victim');
    lab.malloc(0x18, 'guard');
    lab.free(victim);
    lab.writeAddress(victim, 0x8, target, 0x40 - 0x10);
    lab.malloc(0x428, 'taken');
    lab.proveArenaAddress("the list head's address stands in the target", target, 0x40);
  },
};

export const unsortedBinIntoStack: Technique = {
  name: 'unsorted_bin_into_stack',
  what: "An unsorted chunk's bk leads to a forged chunk of the size that is asked for next.",
  needs: 'a write after free and to its header',
  corrupts: "an unsorted chunk's bk and size; a forged chunk",
  gains: 'a block at an address of choice',
  scope: 'whole',
  run(lab) {
    const target = lab.malloc(0x800, 'target');
    const victim = lab.malloc(0x428, 'victim');
    lab.malloc(0x18, 'guard');
    lab.free(victim);
    lab.say('victim claims to be too small, and the next one of the list is forged and fits.');
    lab.write(victim, -0x8, 0x20);
    lab.writeAddress(victim, 0x8, target, 0x20);
    lab.write(target, 0x28, 0x430);
    lab.writeAddress(target, 0x38, target, 0x20);
    const won = lab.malloc(0x428, 'won');
    lab.proveSame('the block lies in the target', won, target, 0, 0x30);
  },
};

export const houseOfStorm: Technique = {
  name: 'house_of_storm',
  what: 'Unsorted and large bin links together: the address that one writes is the size that the other asks for.',
  needs: 'writes after free; heap addresses whose top bytes make a size',
  corrupts: 'bk of an unsorted chunk; bk and bk_nextsize of a large one',
  gains: 'a block at an address of choice, with no size prepared there',
  scope: 'whole',
  run(lab) {
    const target = lab.malloc(0x100, 'target');
    const unsorted = lab.malloc(0x4e8, 'unsorted');
    lab.malloc(0x18, 'g1');
    const large = lab.malloc(0x4d8, 'large');
    lab.malloc(0x18, 'g2');
    lab.free(large);
    lab.free(unsorted);
    const again = lab.malloc(0x4e8, 'again');
    lab.free(again);
    lab.say(
      'The forged chunk begins 0x10 before the place. Its bk is written by large.bk, its size by large.bk_nextsize:',
    );
    lab.say('the upper half of a heap address, as a 64-bit address is written 4 bytes before the size.');
    const forged = 0x30;
    lab.writeAddress(unsorted, 0x8, target, forged);
    lab.writeAddress(large, 0x8, target, forged + 0x8);
    lab.writeAddress(large, 0x18, target, forged + 0x8 - 4 - 0x20);
    const size = lab.heap.hi & ~15;
    const won = lab.malloc(size - 8, 'won');
    lab.proveSame('the block lies in the target', won, target, 0, forged + 0x10);
  },
};
