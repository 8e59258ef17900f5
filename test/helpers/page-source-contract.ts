/** The suite every page source must pass: what lib/core/page-source.ts promises. */
import { afterEach, describe, expect, it } from 'vitest';
import type { PageSource } from '../../lib/index.ts';

/** How a source of one kind is made for the suite. */
export interface SourceUnderTest {
  kind: PageSource['kind'];
  /** @param limitPages most pages it may commit; steps of one page, where the source knows steps */
  create(limitPages: number): PageSource;
}

/** Bytes of the arena, as an allocator looks at them. */
function arena(source: PageSource): Uint8Array {
  return new Uint8Array(source.buffer, 0, source.committedBytes);
}

/** Registers the suite. */
export function pageSourceContract({ kind, create }: SourceUnderTest): void {
  describe(`the ${kind} source`, () => {
    const made: PageSource[] = [];
    const sourceOf = (limitPages: number): PageSource => {
      const source = create(limitPages);
      made.push(source);
      return source;
    };
    afterEach(() => {
      for (const source of made.splice(0)) source.release();
    });

    it('starts with nothing committed, in a window whose low 32 bits are offsets', () => {
      const source = sourceOf(16);
      expect(source.kind).toBe(kind);
      expect(source.committedBytes).toBe(0);
      expect(source.limitBytes).toBe(16 * source.pageSizeBytes);
      expect(source.baseAddress % 2n ** 32n).toBe(0n);
    });

    it('grows with zeros, and keeps views on earlier buffers alive and equal', () => {
      const source = sourceOf(16);
      const page = source.pageSizeBytes;
      expect(source.grow(page)).toBe(true);
      const early = arena(source);
      early.fill(0x5a);
      expect(source.grow(3 * page)).toBe(true);
      const late = arena(source);
      expect(source.buffer.byteLength).toBeGreaterThanOrEqual(4 * page);
      expect(late.subarray(0, page).every((byte) => byte === 0x5a)).toBe(true);
      expect(late.subarray(page).every((byte) => byte === 0)).toBe(true);
      late[7] = 1;
      early[8] = 2;
      expect([early[7], late[8]]).toEqual([1, 2]);
    });

    it('refuses to pass its limit, and changes nothing', () => {
      const source = sourceOf(4);
      const page = source.pageSizeBytes;
      expect(source.grow(5 * page)).toBe(false);
      expect(source.grow(4 * page)).toBe(true);
      expect(source.grow(page)).toBe(false);
      expect(source.committedBytes).toBe(4 * page);
      arena(source).fill(1);
    });

    it('shrinks from the end; what is grown again reads as zero', () => {
      const source = sourceOf(8);
      const page = source.pageSizeBytes;
      source.grow(8 * page);
      const whole = arena(source);
      whole.fill(0xff);
      expect(source.shrink(5 * page)).toBe(true);
      expect(source.committedBytes).toBe(3 * page);
      expect(arena(source).every((byte) => byte === 0xff)).toBe(true);
      // No view dangles: it reads what is there, or nothing.
      expect([0xff, undefined]).toContain(whole[0]);
      expect([0, undefined]).toContain(whole[4 * page]);
      expect(source.grow(5 * page)).toBe(true);
      expect(
        arena(source)
          .subarray(3 * page)
          .every((byte) => byte === 0),
      ).toBe(true);
      expect(source.shrink(8 * page)).toBe(true);
      expect(source.committedBytes).toBe(0);
    });

    it('takes whole pages only', () => {
      const source = sourceOf(8);
      const page = source.pageSizeBytes;
      source.grow(2 * page);
      for (const bytes of [0, -page, page + 1, 0.5 * page, Number.NaN]) {
        const expected = expect.objectContaining({ code: 'ERR_OUT_OF_RANGE', argument: 'bytes' });
        expect(() => source.grow(bytes)).toThrow(expected);
        expect(() => source.shrink(bytes)).toThrow(expected);
      }
      expect(() => source.shrink(3 * page)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
      expect(source.committedBytes).toBe(2 * page);
    });

    it('gives everything back once, and is closed then', () => {
      const source = sourceOf(8);
      const page = source.pageSizeBytes;
      source.grow(page);
      source.release();
      source.release();
      expect(source.committedBytes).toBe(0);
      expect(source.buffer.byteLength).toBe(0);
      expect(source.grow(page)).toBe(false);
    });
  });
}
