/**
 * Random sequences of mmap, protect, restore, advise, resize, write and unmap against a model of pages. After every
 * step the real process map must have each page's protection, and each readable page its contents.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  isSupported,
  type Mapping,
  memoryMap,
  mmap,
  PosixError,
  type Protection,
  type ProtectionGuard,
  pageSize,
} from '../../lib/index.ts';

const page = pageSize();

/** One page: its first and last byte, and the changes in force, the last one on top. */
interface ModelPage {
  value: number;
  layers: { guard: ProtectionGuard | null; protection: Protection }[];
}

interface Subject {
  mapping: Mapping;
  pages: ModelPage[];
  shared: boolean;
  guards: ProtectionGuard[];
  /** The kernel may hold pages in several pieces that no longer grow together. */
  wasSplit: boolean;
}

type Step =
  | { kind: 'map'; count: number; protection: Protection; shared: boolean }
  | { kind: 'protect'; at: number; first: number; count: number; protection: Protection }
  | { kind: 'restore'; at: number; guard: number }
  | { kind: 'dontneed'; at: number; first: number; count: number }
  | { kind: 'write'; at: number; first: number; value: number }
  | { kind: 'resize'; at: number; count: number }
  | { kind: 'unmap'; at: number };

const index = fc.nat({ max: 15 });
const count = fc.integer({ min: 1, max: 12 });
const protection = fc.constantFrom<Protection[]>('none', 'r', 'rw', 'rx', 'rw');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('map' as const), count, protection, shared: fc.boolean() }),
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('protect' as const),
      at: index,
      first: index,
      count,
      protection,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('restore' as const), at: index, guard: index }) },
  fc.record({ kind: fc.constant('dontneed' as const), at: index, first: index, count }),
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      at: index,
      first: index,
      value: fc.integer({ min: 1, max: 255 }),
    }),
  },
  fc.record({ kind: fc.constant('resize' as const), at: index, count }),
  fc.record({ kind: fc.constant('unmap' as const), at: index }),
);

function top({ layers }: ModelPage): Protection {
  return layers[layers.length - 1].protection;
}

/** The bytes of some pages of a subject, never outside of it; odd numbers, to see them rounded. */
function part(
  subject: Subject,
  first: number,
  wanted: number,
): { from: number; to: number; range: { offset: number; length: number } } {
  const from = first % subject.pages.length;
  const to = Math.min(from + wanted, subject.pages.length);
  const offset = from * page + (wanted % 2) * 5;
  return { from, to, range: { offset, length: to * page - offset - (wanted % 3) * 7 } };
}

/** Everything alive in one run. */
class World {
  readonly subjects: Subject[] = [];

  apply(next: Step): void {
    if (next.kind === 'map') this.map(next);
    else if (this.subjects.length > 0) this.applyTo(this.subjects[next.at % this.subjects.length], next);
  }

  map({ count: length, protection: word, shared }: Extract<Step, { kind: 'map' }>): void {
    if (this.subjects.length >= 5) return;
    const mapping = mmap({ length: length * page, protection: word, shared });
    const pages = Array.from({ length }, () => ({ value: 0, layers: [{ guard: null, protection: word }] }));
    this.subjects.push({ mapping, pages, shared, guards: [], wasSplit: false });
  }

  applyTo(subject: Subject, next: Exclude<Step, { kind: 'map' }>): void {
    const { mapping, pages } = subject;
    if (next.kind === 'protect') {
      const { from, to, range } = part(subject, next.first, next.count);
      const guard = mapping.protect(next.protection, range);
      expect(guard.range).toEqual({ offset: from * page, length: (to - from) * page });
      for (const one of pages.slice(from, to)) one.layers.push({ guard, protection: next.protection });
      subject.guards.push(guard);
      subject.wasSplit = true;
    } else if (next.kind === 'restore') {
      const [guard] = subject.guards.splice(next.guard % (subject.guards.length || 1), 1);
      guard?.restore();
      for (const one of pages) one.layers = one.layers.filter((layer) => layer.guard !== guard);
    } else if (next.kind === 'dontneed') {
      const { from, to, range } = part(subject, next.first, next.count);
      mapping.advise('dontneed', range);
      if (!subject.shared) for (const one of pages.slice(from, to)) one.value = 0;
    } else if (next.kind === 'write') {
      const at = next.first % pages.length;
      if (top(pages[at]) !== 'rw') return;
      mapping.bytes[at * page] = next.value;
      mapping.bytes[at * page + page - 1] = next.value;
      pages[at].value = next.value;
    } else if (next.kind === 'resize') {
      this.resize(subject, next.count);
    } else {
      const { bytes } = mapping;
      mapping.unmap();
      expect(bytes.length).toBe(0);
      for (const guard of subject.guards) guard.restore();
      this.subjects.splice(this.subjects.indexOf(subject), 1);
    }
  }

  resize(subject: Subject, wanted: number): void {
    const { mapping, pages } = subject;
    if (!isSupported('mremap') || (subject.shared && wanted > pages.length)) return;
    const { bytes } = mapping;
    try {
      mapping.resize(wanted * page);
    } catch (error) {
      if (!(error instanceof PosixError && error.code === 'EFAULT' && subject.wasSplit)) throw error;
      expect(wanted).toBeGreaterThan(pages.length);
      expect(bytes.length).toBe(pages.length * page);
      return;
    }
    expect(bytes.length).toBe(0);
    const grown = { guard: null, protection: top(pages[pages.length - 1]) };
    pages.length = Math.min(pages.length, wanted);
    while (pages.length < wanted) pages.push({ value: 0, layers: [{ ...grown }] });
  }

  /** Compares every page with the process map and with memory itself. */
  verify(): void {
    const map = memoryMap();
    for (const { mapping, pages, shared } of this.subjects) {
      expect(mapping.byteLength).toBe(pages.length * page);
      const real = pages.map((_, number) => {
        const address = mapping.address + BigInt(number * page);
        const range = map.find(({ start, end }) => start <= address && address < end);
        expect(range?.shared).toBe(shared);
        return range?.protection.replaceAll('-', '') || 'none';
      });
      expect(real).toEqual(pages.map(top));
      const listed = mapping
        .protections()
        .flatMap(({ length, protection: word }) => Array(length / page).fill(word));
      expect(listed).toEqual(real);
      const { bytes } = mapping;
      for (const [number, one] of pages.entries()) {
        if (!top(one).includes('r')) continue;
        expect([bytes[number * page], bytes[number * page + page - 1]]).toEqual([one.value, one.value]);
      }
    }
  }

  end(): void {
    for (const { mapping } of this.subjects) mapping.unmap();
  }
}

it.runIf(isSupported('memoryMap'))('mappings agree with the process map after every step', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
      const world = new World();
      try {
        world.apply({ kind: 'map', count: 8, protection: 'rw', shared: false });
        for (const next of steps) {
          world.apply(next);
          world.verify();
        }
      } finally {
        world.end();
      }
    }),
    { numRuns: 80 },
  );
});
