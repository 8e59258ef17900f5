import type { CostReport } from '../../costs/index.ts';
export function writePlots(_report: CostReport, _folder: string): string[] {
  return [];
}
