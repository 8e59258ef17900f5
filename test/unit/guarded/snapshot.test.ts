/** A guarded heap as plain data: no gaps, bytes of open pages, and no closed page touched. */
import { expect, it } from 'vitest';
import { GuardedHeap } from '../../../lib/index.ts';
import { churn } from '../../contract/expectations.ts';

it.each(['right', 'left'] as const)('side %s', (side) => {
  using heap = GuardedHeap.create({ policy: 'record', side, quarantineSlots: 20, limitBytes: 4 * 2 ** 20 });
  churn(heap, 400, 4);
  heap.memalign(65_536, 100);
  const { chunks, startOffset, endOffset, bytes } = heap.snapshot();
  let at = startOffset;
  const states = new Set<string>();
  for (const { offset, sizeBytes, state, pointer, requestBytes = 0 } of chunks) {
    expect(offset).toBe(at);
    at += sizeBytes;
    states.add(state);
    if (state === 'in-use') {
      const view = heap.view(pointer);
      expect(view.length).toBe(requestBytes);
      const copy = bytes.subarray(pointer - startOffset, pointer - startOffset + requestBytes);
      expect(Buffer.compare(copy, view)).toBe(0);
    }
  }
  expect(at).toBe(endOffset);
  expect([...states].sort()).toEqual(['fence', 'free', 'in-use']);
  expect(heap.faults()).toEqual([]);
});
