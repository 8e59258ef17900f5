/** Fastbins: single lists whose only test is that the same chunk is not freed twice in a row. */
import type { Lab } from '../lab.ts';
import { needsCache, needsFastbins, type Technique } from '../technique.ts';
import type { Block } from '../telling.ts';

const request = 0x38;
const chunkSize = 0x40;

/** Three blocks whose class of the cache is full, so that frees go to the fastbin. */
function threeWithFullCache(lab: Lab): [Block, Block, Block] {
  const a = lab.malloc(request, 'a');
  const b = lab.malloc(request, 'b');
  const c = lab.malloc(request, 'c');
  fillCache(lab);
  return [a, b, c];
}

function fillCache(lab: Lab): void {
  if (lab.facts.fillers === 0) return;
  lab.say('Fill this class of the cache: what is freed now goes to the fastbin.');
  lab.freeMany(lab.mallocMany(lab.facts.fillers, request));
}

function emptyCache(lab: Lab): void {
  if (lab.facts.fillers > 0) lab.mallocMany(lab.facts.fillers, request);
}

function freeTwice(lab: Lab, a: Block, b: Block): void {
  lab.say('Free a, b, a: only the head of the list is compared, so the second free of a passes.');
  for (const block of [a, b, a]) lab.free(block);
}

export const fastbinDup: Technique = {
  name: 'fastbin_dup',
  what: 'Frees a, b, a: the list runs in a circle, and the same block is handed out twice.',
  needs: 'a double free',
  corrupts: 'nothing but the order of frees',
  gains: 'two owners of one block',
  scope: 'whole',
  notOn: needsFastbins,
  run(lab) {
    const [a, b] = threeWithFullCache(lab);
    freeTwice(lab, a, b);
    emptyCache(lab);
    const first = lab.malloc(request, 'first');
    lab.malloc(request, 'second');
    const third = lab.malloc(request, 'third');
    lab.proveSame('first and third are one block', first, third);
  },
};

export const fastbinDupIntoStack: Technique = {
  name: 'fastbin_dup_into_stack',
  what: 'The block that is both owned and listed gets a link to a forged chunk; malloc follows it.',
  needs: 'a double free; from 2.32 on the address of the block',
  corrupts: "a listed chunk's fd, and a size word before the target",
  gains: 'a block at an address of choice',
  scope: 'whole',
  notOn: needsFastbins,
  run(lab) {
    const target = lab.malloc(0x100, 'target');
    const [a, b] = threeWithFullCache(lab);
    freeTwice(lab, a, b);
    lab.say('A size of the right class before the target is all that a fastbin asks for.');
    lab.write(target, 0x18, chunkSize + 1);
    if (lab.facts.callocFromCache) {
      lab.say(
        'calloc takes from the cache first: empty it. The next malloc moves the circle into the cache.',
      );
      emptyCache(lab);
      const owned = lab.malloc(request, 'owned');
      lab.writeLink(owned, 0, target, 0x20);
      lab.malloc(request, 'other');
      lab.malloc(request, 'again');
      lab.proveSame('the block lies in the target', lab.malloc(request, 'won'), target, 0, 0x20);
      return;
    }
    const owned = lab.calloc(request, 'owned');
    lab.calloc(request, 'other');
    lab.writeLink(owned, 0, target, 0x10);
    lab.calloc(request, 'again');
    lab.proveSame('the block lies in the target', lab.calloc(request, 'won'), target, 0, 0x20);
  },
};

export const fastbinDupConsolidate: Technique = {
  name: 'fastbin_dup_consolidate',
  what: 'A large request merges a fastbin chunk into top and returns it; its old pointer frees the new block.',
  needs: 'a double free',
  corrupts: 'nothing',
  gains: 'two owners of one large block',
  scope: 'whole',
  notOn: needsFastbins,
  run(lab) {
    const fillers = lab.mallocMany(lab.facts.fillers, request);
    const small = lab.malloc(request, 'small');
    if (fillers.length > 0) lab.freeMany(fillers);
    lab.free(small);
    lab.say('A request of 1024 bytes or more consolidates: small melts into top, and top gives the block.');
    const large = lab.malloc(0x400, 'large');
    lab.say('small is free already; freed again it takes large with it, and nobody told its owner.');
    lab.free(small);
    const stolen = lab.malloc(0x400, 'stolen');
    lab.proveSame('large and stolen are one block', stolen, large);
  },
};

export const fastbinReverseIntoTcache: Technique = {
  name: 'fastbin_reverse_into_tcache',
  what: 'One bad link at the end of a fastbin; the move into the cache turns the list round, target first.',
  needs: 'a write after free; from 2.32 on the address of the block',
  corrupts: "a listed chunk's fd",
  gains: 'a heap address written at the target, and a block there',
  scope: 'whole',
  notOn: (facts) => needsCache(facts) ?? needsFastbins(facts),
  run(lab) {
    const target = lab.malloc(0x100, 'target');
    const blocks = lab.mallocMany(lab.facts.fillers, request);
    fillCache(lab);
    lab.freeMany(blocks);
    lab.say('The first one freed is the last of the list: its link leads on to the target.');
    lab.write(target, 0x18, chunkSize + 1);
    lab.writeLink(blocks[0], 0, target, 0x10);
    emptyCache(lab);
    lab.malloc(request, 'popped');
    lab.prove('a link stands in the target, which held 0', target, 0x20, (word) => word !== 0n);
    lab.proveSame('the block lies in the target', lab.malloc(request, 'won'), target, 0, 0x20);
  },
};
