/** Forged chunks handed to free: what it believes of a header that it never wrote. */
import { needsCache, needsFastbins, type Technique } from '../technique.ts';

const request = 0x38;
const chunkSize = 0x40;

export const houseOfSpirit: Technique = {
  name: 'house_of_spirit',
  what: 'Frees a forged chunk of a fastbin size, and gets it back as a block.',
  needs: 'a pointer to free that can be overwritten',
  corrupts: 'a forged size, and the size of what would be the next chunk',
  gains: 'a block at an address of choice',
  scope: 'whole',
  notOn: needsFastbins,
  run(lab) {
    const target = lab.malloc(0x100, 'target');
    if (lab.facts.fillers > 0) lab.freeMany(lab.mallocMany(lab.facts.fillers, request));
    lab.say('A size word, and one behind it that free will look at.');
    lab.write(target, 0x18, chunkSize + 1);
    lab.write(target, 0x18 + chunkSize, chunkSize + 1);
    lab.free(lab.at(target, 0x20, 'forged'));
    if (lab.facts.fillers > 0) lab.mallocMany(lab.facts.fillers, request);
    lab.proveSame('the block lies in the target', lab.malloc(request, 'won'), target, 0, 0x20);
  },
};

export const tcacheHouseOfSpirit: Technique = {
  name: 'tcache_house_of_spirit',
  what: 'The same through the cache, which looks at one size word only.',
  needs: 'a pointer to free that can be overwritten',
  corrupts: 'a forged size',
  gains: 'a block at an address of choice',
  scope: 'whole',
  notOn: needsCache,
  run(lab) {
    const target = lab.malloc(0x100, 'target');
    lab.write(target, 0x18, chunkSize + 1);
    lab.free(lab.at(target, 0x20, 'forged'));
    lab.proveSame('the block lies in the target', lab.malloc(request, 'won'), target, 0, 0x20);
  },
};
