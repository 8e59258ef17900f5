/** Reads a report that was written before: whoever wrote it, nothing is believed unseen. */
import type { CostReport, ReportedCase } from './study.ts';
import { reportFormat } from './study.ts';

/** A file that is no report of this format. */
export class ReportError extends Error {
  override readonly name: string = 'ReportError';
}

const numbers = ['minNs', 'medianNs', 'lowNs', 'highNs', 'p90Ns', 'samples', 'launches', 'spread'] as const;

/**
 * Reads a report.
 * @param text a JSON document, as `chunkyard costs --json` writes it
 * @param source where it comes from, for the message
 * @throws ReportError when it is none
 */
export function parseReport(text: string, source: string): CostReport {
  const refuse = (why: string): never => {
    throw new ReportError(`${source} is no report of chunkyard costs: ${why}`);
  };
  let document: Partial<CostReport> | null;
  try {
    document = JSON.parse(text) as Partial<CostReport> | null;
  } catch {
    return refuse('it is not JSON');
  }
  if (typeof document !== 'object' || document === null) return refuse('it is not an object');
  if (document.format !== reportFormat) return refuse(`format is not "${reportFormat}"`);
  const { cases, machine, load, notAvailable } = document;
  if (typeof machine !== 'object' || typeof load !== 'object')
    return refuse('it names no machine or no load');
  if (!Array.isArray(notAvailable)) return refuse('notAvailable is no list');
  if (!Array.isArray(cases)) return refuse('cases is no list');
  const broken = cases.findIndex((one) => !isCase(one));
  if (broken >= 0) return refuse(`case ${broken} lacks a name or a number`);
  return document as CostReport;
}

function isCase(value: Partial<ReportedCase> | null): boolean {
  if (typeof value !== 'object' || value === null || typeof value.name !== 'string') return false;
  return numbers.every((key) => Number.isFinite(value[key]) && value[key]! >= 0);
}
