/** Comparing two reports, and reading one that somebody else may have written. */
import { describe, expect, it } from 'vitest';
import { type CostReport, compareReports, parseReport, ReportError } from '../../../lib/costs/index.ts';
import { costReport, reportedCase } from './reports.ts';

function verdicts(before: CostReport, after: CostReport): Record<string, string> {
  return Object.fromEntries(compareReports(before, after).differences.map((one) => [one.name, one.verdict]));
}

describe('compareReports', () => {
  it('calls a report the same as itself', () => {
    const report = costReport({ 'null-call': 100, 'mmap-munmap-4k': 3000 });
    expect(verdicts(report, report)).toEqual({ 'null-call': 'same', 'mmap-munmap-4k': 'same' });
  });

  it('tells differences beyond a tenth, both ways', () => {
    const before = costReport({ 'null-call': 100, 'brk-page': 1000, 'mprotect-flip': 700 });
    const after = costReport({ 'null-call': 120, 'brk-page': 800, 'mprotect-flip': 760 });
    expect(verdicts(before, after)).toEqual({
      'null-call': 'slower',
      'brk-page': 'faster',
      'mprotect-flip': 'same',
    });
  });

  it('takes the spread of the launches for noise, whichever report has it', () => {
    const spread = { ...costReport({}), cases: [reportedCase('null-call', 100, { spread: 0.5 })] };
    const steady = costReport({ 'null-call': 140 });
    expect(verdicts(spread, steady)).toEqual({ 'null-call': 'same' });
    expect(verdicts(steady, spread)).toEqual({ 'null-call': 'same' });
    expect(verdicts(spread, costReport({ 'null-call': 160 }))).toEqual({ 'null-call': 'slower' });
  });

  it('says nothing when the intervals meet', () => {
    const wide = { ...costReport({}), cases: [reportedCase('null-call', 100, { highNs: 130 })] };
    expect(verdicts(wide, costReport({ 'null-call': 125 }))).toEqual({ 'null-call': 'same' });
  });

  it('lists what only one has, and what differs between the machines', () => {
    const before = costReport({ 'null-call': 100, clock: 20 });
    const after = costReport({ 'null-call': 100, 'brk-page': 1000 });
    after.machine = { ...after.machine, kernel: 'Linux 6.2.0', cycleCounter: { name: 'rdtsc', hertz: 2e9 } };
    const { onlyBefore, onlyAfter, machineChanges } = compareReports(before, after);
    expect([onlyBefore, onlyAfter]).toEqual([['clock'], ['brk-page']]);
    expect(machineChanges).toEqual([
      'kernel: Linux 6.1.0 before, Linux 6.2.0 now',
      'cycleCounter: undefined before, rdtsc now',
    ]);
  });
});

describe('parseReport', () => {
  const good = costReport({ 'null-call': 100 });

  it('gives back what was written', () => {
    expect(parseReport(JSON.stringify(good), 'x.json')).toEqual(good);
  });

  it.each([
    ['', 'not JSON'],
    ['null', 'not an object'],
    ['[]', 'format'],
    [JSON.stringify({ ...good, format: 'chunkyard-costs 2' }), 'format'],
    [JSON.stringify({ ...good, machine: undefined }), 'no machine'],
    [JSON.stringify({ ...good, notAvailable: {} }), 'notAvailable'],
    [JSON.stringify({ ...good, cases: 7 }), 'cases is no list'],
    [JSON.stringify({ ...good, cases: [null] }), 'case 0'],
    [JSON.stringify({ ...good, cases: [...good.cases, { name: 'x', minNs: 'a' }] }), 'case 1'],
  ])('refuses %.40s', (text, why) => {
    expect(() => parseReport(text, 'x.json')).toThrow(ReportError);
    expect(() => parseReport(text, 'x.json')).toThrow(why);
  });
});
