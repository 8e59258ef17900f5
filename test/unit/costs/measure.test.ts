/** Measuring for real: no time is asserted, only what must hold whatever the machine does. */
import { describe, expect, it } from 'vitest';
import {
  type CostCase,
  catalogue,
  describeMachine,
  lessonFigures,
  measure,
  measureAll,
  measureLoop,
  selectCases,
  undescribedCases,
  warningFor,
} from '../../../lib/costs/index.ts';
import { costReport } from './reports.ts';

function expectOrdered(found: CostCase, batches: number): void {
  expect(found.samples).toBe(batches);
  expect(found.minNs).toBeLessThanOrEqual(found.lowNs);
  expect(found.lowNs).toBeLessThanOrEqual(found.medianNs);
  expect(found.medianNs).toBeLessThanOrEqual(found.highNs);
  expect(found.medianNs).toBeLessThanOrEqual(found.p90Ns);
}

describe('measure', () => {
  it.each(['null-call', 'mmap-munmap-4k', 'touch-write-page', 'malloc-free-1m-mmap'])('%s', (name) => {
    const found = measure(name, { batches: 30 });
    expect(found.name).toBe(name);
    expectOrdered(found, 30);
  });

  it('stops when the time is over, with three samples at least', () => {
    expect(measure('null-call', { batches: 1_000_000, budgetMs: 1 }).samples).toBeLessThan(1_000_000);
    expect(measure('mmap-touch-munmap-16m', { batches: 1000, budgetMs: 1 }).samples).toBeGreaterThanOrEqual(
      3,
    );
  });

  it('refuses a name it does not know', () => {
    expect(() => measure('sing', { batches: 3 })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });

  it('lists what is not available with its reason', () => {
    const { cases, notAvailable } = measureAll(['null-call', 'sing'], { batches: 5 });
    expect(cases.map((found) => found.name)).toEqual(['null-call']);
    expect(notAvailable).toEqual([{ name: 'sing', reason: expect.stringContaining('no such call') }]);
  });
});

describe('measureLoop', () => {
  it('runs the loop often and counts each run', () => {
    let runs = 0;
    const loop = (operations: number): void => {
      for (let i = 0; i < operations; i++) runs++;
    };
    expectOrdered(measureLoop('count', loop, { batches: 20, warmUpMs: 5 }), 20);
    expect(runs).toBeGreaterThan(100);
  });
});

describe('the catalogue', () => {
  it('describes every case of the addon, each name once', () => {
    expect(undescribedCases()).toEqual([]);
    expect(new Set(catalogue.map((info) => info.name)).size).toBe(catalogue.length);
  });

  it('finds cases by name and by group, in its own order', () => {
    const names = (words: string[]): unknown => {
      const selected = selectCases(words);
      return 'cases' in selected ? selected.cases.map((info) => info.name) : selected;
    };
    expect(names(['mprotect-flip', 'null-call'])).toEqual(['null-call', 'mprotect-flip']);
    expect(names(['break'])).toContain('brk-page');
    expect(names([])).toHaveLength(catalogue.length);
    expect(names(['break', 'sing'])).toEqual({ unknown: 'sing' });
    expect(names(['toString'])).toEqual({ unknown: 'toString' });
  });
});

describe('lessonFigures', () => {
  it('works out ratios and costs per page', () => {
    const figures = lessonFigures(
      costReport({
        'mmap-munmap-4k': 3000,
        'malloc-free-32': 5,
        'mmap-munmap-64k': 3200,
        'mmap-touch-munmap-64k': 19_200,
      }),
    );
    const values = Object.fromEntries(figures.map(({ name, value }) => [name, value]));
    expect(values).toEqual({ 'mallocs-per-mmap': 600, 'touch-per-page-64k': 1000 });
  });

  it('says nothing of what was not measured, or took no time at all', () => {
    expect(lessonFigures(costReport({ 'mmap-munmap-4k': 3000 }))).toEqual([]);
    expect(lessonFigures(costReport({ 'mmap-munmap-4k': 3000, 'malloc-free-32': 0 }))).toEqual([]);
  });
});

describe('warningFor', () => {
  const quiet = { averageBefore: 0, offProcessorShare: 0.01, involuntarySwitches: 3, stolenShare: 0 };

  it('is silent about a quiet machine', () => {
    expect(warningFor(quiet)).toBeNull();
    expect(warningFor({ ...quiet, stolenShare: null })).toBeNull();
  });

  it('names each sign of other work', () => {
    expect(warningFor({ ...quiet, averageBefore: 100 })).toContain('load average 100.0');
    expect(warningFor({ ...quiet, offProcessorShare: 0.31 })).toContain('31 %');
    expect(warningFor({ ...quiet, stolenShare: 0.2 })).toContain('the host took 20 %');
  });
});

describe('describeMachine', () => {
  it('knows the page size and the version of Node', () => {
    const machine = describeMachine();
    expect(machine.node).toBe(process.version);
    expect(Math.log2(machine.pageBytes) % 1).toBe(0);
    expect(machine.cpu).not.toBe('');
  });
});
