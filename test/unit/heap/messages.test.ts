/**
 * Every abort message of every version: the corruption it is there for brings it about where the version has the
 * check, and something else where it has not.
 */
import { describe, expect, it } from 'vitest';
import { type GlibcVersion, profiles } from '../../../lib/heap/index.ts';
import { drainCache, stories, twoFast } from './stories.ts';
import { mangled, messageOf, openHeap, take, write } from './tools.ts';

const versions = Object.keys(profiles) as GlibcVersion[];

/** First and last of the versions that have a check; those not named have had theirs always. */
const presence: Record<string, readonly [first: GlibcVersion, last?: GlibcVersion]> = {
  'corrupted size vs. prev_size': ['2.27'],
  'corrupted size vs. prev_size while consolidating': ['2.31'],
  'corrupted size vs. prev_size in fastbins': ['2.31', '2.42'],
  'double free or corruption (fasttop)': ['2.23', '2.42'],
  'free(): invalid next size (fast)': ['2.23', '2.42'],
  'invalid fastbin entry (free)': ['2.23', '2.42'],
  'free(): double free detected in tcache 2': ['2.31'],
  'free(): unaligned chunk detected in tcache 2': ['2.32'],
  'free(): too many chunks detected in tcache': ['2.34'],
  'malloc(): memory corruption (fast)': ['2.23', '2.42'],
  'malloc(): unaligned fastbin chunk detected 2': ['2.32', '2.42'],
  'malloc(): unaligned fastbin chunk detected 3': ['2.32', '2.42'],
  'malloc(): unaligned tcache chunk detected': ['2.32'],
  'malloc(): memory corruption': ['2.23', '2.27'],
  'malloc(): invalid size (unsorted)': ['2.31'],
  'malloc(): invalid next size (unsorted)': ['2.31'],
  'malloc(): mismatching next->prev_size (unsorted)': ['2.31'],
  'malloc(): unsorted double linked list corrupted': ['2.31'],
  'malloc(): invalid next->prev_inuse (unsorted)': ['2.31'],
  'malloc(): largebin double linked list corrupted (nextsize)': ['2.31'],
  'malloc(): largebin double linked list corrupted (bk)': ['2.31'],
  'malloc(): corrupted top size': ['2.31'],
  'malloc(): chunk size mismatch in fastbin': ['2.42', '2.42'],
  'malloc_consolidate(): invalid chunk size': ['2.27', '2.42'],
  'malloc_consolidate(): unaligned fastbin chunk detected': ['2.32', '2.42'],
  'free(): chunks in smallbin corrupted': ['2.41'],
  'mremap_chunk(): invalid pointer': ['2.31'],
  'tcache_thread_shutdown(): unaligned tcache chunk detected': ['2.32'],
};

function hasCheck(glibc: GlibcVersion, message: string): boolean {
  const [first, last = '2.43'] = presence[message] ?? ['2.23'];
  const place = versions.indexOf(glibc);
  return place >= versions.indexOf(first) && place <= versions.indexOf(last);
}

describe.each(versions)('glibc %s', (glibc) => {
  it.each(Object.entries(stories))('%s', (message, story) => {
    const outcome = messageOf(story(openHeap({ glibc })));
    if (hasCheck(glibc, message)) expect(outcome).toBe(message);
    else expect(outcome).not.toBe(message);
  });

  it('asserts that a top which cannot serve a request is sound, in words of its own', () => {
    const heap = openHeap({ glibc });
    const block = take(heap, 24);
    const top = heap.chunks().find(({ state }) => state === 'top');
    write(heap, block, (top as { pointer: number }).pointer - 8 - block, 0x1001n);
    const message = messageOf(() => take(heap, 10_000));
    expect(message).toContain('prev_inuse (old_top) && ((unsigned long) old_end & (pagesize - 1)) == 0');
    const line = { '2.31': ':2379', '2.41': ':2601', '2.43': ':2371' }[glibc as string] ?? '';
    if (glibc === '2.36')
      expect(message).toMatch(/^Fatal glibc error: malloc assertion failure in sysmalloc: /);
    else if (glibc < '2.36') expect(message).toMatch(`malloc.c:${line.slice(1)}`);
    else expect(message).toMatch(`Fatal glibc error: malloc.c${line} (sysmalloc): assertion failed: `);
  });
});

describe('glibc 2.36 in a thread', () => {
  it('has a message of its own for a wild link popped by a second thread', () => {
    const heap = openHeap({ arena: 'thread' });
    const [a, b] = twoFast(heap);
    drainCache(heap);
    write(heap, b, 0, mangled(heap, b, 0, heap.address(a) - 8n));
    expect(messageOf(() => take(heap, 24))).toBe('malloc(): unaligned fastbin chunk detected');
  });
});
