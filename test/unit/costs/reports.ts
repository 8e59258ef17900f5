/** Reports made up for tests: least times are given, all else follows. */
import { type CostReport, caseInfo, type ReportedCase, reportFormat } from '../../../lib/costs/index.ts';

/** A case whose median and interval lie a little above its least. */
export function reportedCase(name: string, minNs: number, more: Partial<ReportedCase> = {}): ReportedCase {
  return {
    ...{ name, group: caseInfo(name)?.group ?? 'call' },
    ...{ minNs, lowNs: minNs * 1.01, medianNs: minNs * 1.02, highNs: minNs * 1.03, p90Ns: minNs * 1.05 },
    ...{ samples: 300, launches: 3, spread: 0.02, unstable: false },
    ...{ byProcessorTime: false, involuntarySwitches: 0, minTicks: null },
    ...more,
  };
}

/** A report of such cases, from a quiet machine. */
export function costReport(leastNs: Readonly<Record<string, number>>): CostReport {
  return {
    format: reportFormat,
    date: '2026-01-02T03:04:05.000Z',
    quick: false,
    machine: {
      ...{ cpu: 'Sample CPU', cpus: 2, virtualised: false, kernel: 'Linux 6.1.0', architecture: 'x86_64' },
      ...{ pageBytes: 4096, transparentHugePages: 'madvise', node: 'v20.0.0' },
      ...{ cycleCounter: null, mallocThresholdBytes: 131_072 },
    },
    load: {
      ...{ averageBefore: 0, offProcessorShare: 0, involuntarySwitches: 0 },
      ...{ stolenShare: null, warning: null },
    },
    cases: Object.entries(leastNs).map(([name, minNs]) => reportedCase(name, minNs)),
    notAvailable: [],
  };
}
