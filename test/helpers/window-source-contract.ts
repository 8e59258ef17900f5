/** The suite every window source must pass: what lib/core/window-source.ts promises. */
import { afterEach, describe, expect, it } from 'vitest';
import { GiB, MiB, type WindowSource } from '../../lib/core/index.ts';

/** How a window of one kind is made for the suite. */
export interface WindowUnderTest {
  name: string;
  kind: WindowSource['kind'];
  /** @param sizeBytes of the window */
  create(sizeBytes: number): WindowSource;
}

/** Registers the suite. */
export function windowSourceContract({ name, kind, create }: WindowUnderTest): void {
  describe(`the window of ${name}`, () => {
    const made: WindowSource[] = [];
    const windowOf = (sizeBytes: number): WindowSource => {
      const window = create(sizeBytes);
      made.push(window);
      return window;
    };
    afterEach(() => {
      for (const window of made.splice(0)) window.release();
    });

    it.each([MiB, 64 * MiB, 4 * GiB])('of %i bytes is one buffer at a multiple of 4 GiB', (sizeBytes) => {
      const window = windowOf(sizeBytes);
      expect(window.kind).toBe(kind);
      expect(window.sizeBytes).toBe(sizeBytes);
      expect(window.buffer.byteLength).toBe(sizeBytes);
      expect(window.baseAddress % 2n ** 32n).toBe(0n);
      expect(window.buffer).toBe(window.buffer);
    });

    it('reads as zero everywhere, committed or not', () => {
      const window = windowOf(64 * MiB);
      expect(window.commit(16 * MiB, MiB)).toBe(true);
      const words = new BigUint64Array(window.buffer);
      for (let at = 0; at < words.length; at += 512) if (words[at] !== 0n) expect(at).toBe('zero');
    });

    it('keeps what is written to committed pages, wherever they lie', () => {
      const window = windowOf(64 * MiB);
      const page = window.pageSizeBytes;
      const bytes = new Uint8Array(window.buffer);
      const places = [0, page, 7 * page, 3 * MiB - page, 3 * MiB, 64 * MiB - 2 * page];
      for (const [index, at] of places.entries()) {
        expect(window.commit(at, page)).toBe(true);
        bytes.fill(index + 1, at, at + page);
      }
      for (const [index, at] of places.entries()) {
        expect(bytes.subarray(at, at + page).every((byte) => byte === index + 1)).toBe(true);
      }
      // Committing again, over a longer range, changes nothing.
      expect(window.commit(0, 8 * page)).toBe(true);
      expect([bytes[0], bytes[page], bytes[2 * page], bytes[7 * page]]).toEqual([1, 2, 0, 3]);
    });

    it('discards exactly the pages named; they can be used again', () => {
      const window = windowOf(8 * MiB);
      const page = window.pageSizeBytes;
      const bytes = new Uint8Array(window.buffer);
      window.commit(MiB, 2 * MiB);
      bytes.fill(0xff, MiB, 3 * MiB);
      window.discard(2 * MiB - page, 3 * page);
      const isZero = (at: number): boolean => bytes.subarray(at, at + page).every((byte) => byte === 0);
      expect([-2, -1, 0, 1, 2].map((k) => isZero(2 * MiB + k * page))).toEqual([
        ...[false, true, true, true, false],
      ]);
      expect(window.commit(2 * MiB, page)).toBe(true);
      bytes[2 * MiB] = 1;
      // A hole may be discarded too.
      window.discard(0, MiB);
      expect(bytes[0]).toBe(0);
    });

    it('gives views of parts on the same memory, on buffers not much larger', () => {
      const window = windowOf(256 * MiB);
      const page = window.pageSizeBytes;
      const bytes = new Uint8Array(window.buffer);
      window.commit(0, 256 * MiB);
      for (const [offset, length] of [
        [16, 24],
        [128 * 1024 - 16, 64 * 1024],
        [5 * MiB + 32, MiB],
        [100 * MiB, 100 * MiB],
        [256 * MiB - page, page],
      ]) {
        const view = window.view?.(offset, length) ?? bytes.subarray(offset, offset + length);
        expect(view.length).toBe(length);
        view[0] = 7;
        view[length - 1] = 9;
        expect([bytes[offset], bytes[offset + length - 1]]).toEqual([7, 9]);
        bytes[offset] = 8;
        expect(view[0]).toBe(8);
        if (window.view) expect(view.buffer.byteLength).toBeLessThanOrEqual(Math.max(4 * length, 128 * 1024));
      }
    });

    it('gives everything back once', () => {
      const window = windowOf(MiB);
      window.commit(0, MiB);
      const view = window.view?.(0, 16);
      window.release();
      window.release();
      expect(window.buffer.byteLength).toBe(0);
      if (view) expect(view.length).toBe(0);
    });
  });
}
