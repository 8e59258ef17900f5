/** The allocator contract, kept by the glibc heap with its defences. */
import { MiB } from '../../lib/core/index.ts';
import { bufferWindow, type Defence, Heap } from '../../lib/heap/index.ts';
import { describeAllocator } from './allocator-contract.ts';

const atLimit = 'returns null at the limit, stays sound, and serves again after frees';
const secondFree = 'refuses a second free, at once';

/** Those that are classes of their own, and not another one's with other data. */
const except: { [Name in Defence]?: Readonly<Record<string, string>> } = {
  canary: { [secondFree]: 'a merge has overwritten the trailer: that is what is told' },
  'zero-on-free': { [secondFree]: 'the block is cleared before the heap refuses it' },
  quarantine: { [atLimit]: 'what waits takes room' },
  'sampled-guards': {
    [atLimit]: 'pages are dearer than blocks',
    [secondFree]: 'the header of a guarded block is gone with its pages: a fault',
    'counts bytes that add up, before, during and after': 'mappings are counted as the heap counts its own',
  },
};

for (const name of Object.keys(except) as Defence[]) {
  describeAllocator({
    name: `heap with ${name}`,
    create: (limitBytes) =>
      Heap.create({
        glibc: '2.31',
        limitBytes,
        key: 1n,
        defences: [name],
        source: bufferWindow({ sizeBytes: 192 * MiB }),
      }),
    except: except[name]!,
  });
}
