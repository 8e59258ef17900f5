/** Each technique by its effect; and that the effect comes from the writes, not from the telling. */
import { describe, expect, it } from 'vitest';
import { factsOf } from '../../../lib/attacks/facts.ts';
import { attackVersions, runAttack, techniqueNamed, techniques } from '../../../lib/attacks/index.ts';
import { Lab } from '../../../lib/attacks/lab.ts';
import { NoEffect } from '../../../lib/attacks/technique.ts';
import { ArgumentError, HeapError, MiB } from '../../../lib/core/index.ts';
import { bufferWindow, type GlibcVersion, Heap } from '../../../lib/heap/index.ts';

/** These gain something without writing a byte of the allocator's. */
const writeless = new Set(['fastbin_dup', 'fastbin_dup_consolidate', 'tcache_dup', 'decrypt_safe_linking']);
const attacks = techniques.filter(({ scope }) => scope !== 'demonstration');

/** @returns a lab on a fresh heap, after its first block */
function openLab(glibc: GlibcVersion, fresh = false): Lab {
  const heap = Heap.create({
    glibc,
    key: 77n,
    limitsInMemory: true,
    source: bufferWindow({ sizeBytes: 192 * MiB }),
  });
  const lab = new Lab(heap, factsOf(heap.profile));
  if (!fresh) lab.makeCache();
  return lab;
}

function versionWhereItWorks(name: string): GlibcVersion {
  const found = attackVersions.toReversed().find((glibc) => runAttack(name, { glibc }).outcome === 'works');
  return found ?? expect.unreachable(`${name} works nowhere`);
}

describe.each(techniques.map((technique) => [technique.name, technique] as const))(
  '%s',
  (name, technique) => {
    const glibc = versionWhereItWorks(name);

    it('proves its effect', () => {
      const { outcome, claims, steps, message } = runAttack(name, { glibc });
      expect(outcome, message).toBe('works');
      expect(claims.length).toBeGreaterThan(0);
      expect(steps.filter(({ kind }) => kind === 'proof')).toHaveLength(claims.length);
    });

    it('is told: what, needs, corrupts, gains', () => {
      for (const text of [technique.what, technique.needs, technique.corrupts, technique.gains])
        expect(text).toMatch(/^\S.{5,}/);
    });

    it.skipIf(writeless.has(name) || technique.scope === 'demonstration')(
      'gains nothing when its writes do nothing',
      () => {
        const lab = openLab(glibc, technique.fresh);
        const nothing = (): void => {};
        Object.assign(lab, {
          write: nothing,
          writeAddress: nothing,
          writeLink: nothing,
          writeLowBytes: nothing,
        });
        let end: unknown = null;
        try {
          technique.run(lab);
        } catch (error) {
          end = error;
        }
        expect(end instanceof NoEffect || end instanceof HeapError, String(end)).toBe(true);
      },
    );
  },
);

describe('a run', () => {
  it('writes nothing outside of the heap: a wild write is a fault', () => {
    const lab = openLab('2.36');
    const block = lab.malloc(24, 'block');
    for (const offset of [2 ** 31, -(2 ** 26), 0x10_0000_0000])
      expect(() => lab.write(block, offset, 1)).toThrow(/^segmentation fault/);
  });

  it('proves nothing by a write that the block does not reach', () => {
    const lab = openLab('2.36');
    const [a, b] = [lab.malloc(24, 'a'), lab.malloc(24, 'b')];
    expect(() => lab.proveSame('they overlap', a, b, b.pointer - a.pointer, 0)).toThrow(NoEffect);
    expect(() => lab.proveSame('they overlap', a, b)).toThrow(NoEffect);
  });

  it('of an unknown technique is refused', () => {
    expect(() => techniqueNamed('house_of_cards')).toThrow(ArgumentError);
  });

  it('says why a version has nothing to attack', () => {
    expect(runAttack('tcache_dup', { glibc: '2.23' })).toMatchObject({
      outcome: 'not-applicable',
      message: 'no per-thread cache before 2.26',
    });
    expect(attacks.every(({ name }) => runAttack(name).glibc === '2.36')).toBe(true);
  });
});
