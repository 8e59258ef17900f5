/** Measuring for real: no time is asserted, only what must hold whatever the machine does. */
import { describe, expect, it } from 'vitest';
import {
  type CostCase,
  describeMachine,
  measure,
  measureAll,
  measureFunction,
} from '../../../lib/costs/index.ts';
import { timedCases } from '../../../lib/posix/index.ts';

function expectOrdered(found: CostCase, batches: number): void {
  expect(found.samples).toBe(batches);
  expect(found.minNs).toBeLessThanOrEqual(found.lowNs);
  expect(found.lowNs).toBeLessThanOrEqual(found.medianNs);
  expect(found.medianNs).toBeLessThanOrEqual(found.highNs);
  expect(found.medianNs).toBeLessThanOrEqual(found.p90Ns);
}

describe('measure', () => {
  it.each(timedCases())('%s', (name) => {
    const found = measure(name, 30);
    expect(found.name).toBe(name);
    expectOrdered(found, 30);
  });

  it('refuses a name it does not know', () => {
    expect(() => measure('sing', 3)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }));
  });

  it('lists what is not available with its reason', () => {
    const { cases, notAvailable } = measureAll(['null-call', 'sing'], 5);
    expect(cases.map((found) => found.name)).toEqual(['null-call']);
    expect(notAvailable).toEqual([{ name: 'sing', reason: expect.stringContaining('no such call') }]);
  });
});

describe('measureFunction', () => {
  it('runs the function often and counts each run', () => {
    let runs = 0;
    const found = measureFunction('count', () => runs++, 20);
    expectOrdered(found, 20);
    expect(runs).toBeGreaterThan(100);
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
