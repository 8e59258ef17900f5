/** The guarded heap keeps the contract: either side, every alignment, both ways to close pages, sampled or not. */
import { GuardedHeap, type GuardedHeapOptions } from '../../lib/index.ts';
import { describeAllocator } from './allocator-contract.ts';

/** Every block takes three pages, so what counts bytes of blocks against bytes of the arena means something else. */
const pages = 'a block takes pages, not bytes';
const closed = 'bytes between blocks cannot be read; test/unit/guarded compares those that can';

const variants: Record<string, GuardedHeapOptions> = {
  'right side': {},
  'left side': { side: 'left' },
  'random side, closed with mprotect': { side: 'random', method: 'mprotect' },
};
for (const [name, options] of Object.entries(variants)) {
  describeAllocator({
    name: `GuardedHeap, ${name}`,
    create: (limitBytes) => GuardedHeap.create({ policy: 'record', limitBytes, seed: 1, ...options }),
    except: {
      'returns null at the limit, stays sound, and serves again after frees': pages,
      'takes a snapshot without gaps, of copied bytes': closed,
    },
  });
}

describeAllocator({
  name: 'GuardedHeap, one allocation in three guarded, on the glibc heap',
  create: (limitBytes) =>
    GuardedHeap.create({ policy: 'record', sampleRate: 3, sampleShare: 1, limitBytes, seed: 1 }),
  except: {
    'returns null at the limit, stays sound, and serves again after frees': pages,
    'uses freed memory again': 'each of its two heaps has the limit',
    'takes a snapshot without gaps, of copied bytes': closed,
    'counts bytes that add up, before, during and after':
      'the snapshot shows the slots, the counts both heaps',
  },
});
