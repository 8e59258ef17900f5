/** What a step of the tour is: it does something real and reports it. */
import type { Output } from '../output.ts';

/** What a step found: text for people, numbers for `--json`. */
export interface StepReport {
  /** Lines to print, none wider than the output. */
  lines: string[];
  /** The same facts as plain data. */
  facts: object;
}

/** One step. */
export interface TourStep {
  /** Stable name, for `--json`. */
  name: string;
  title: string;
  /** Two or three sentences: what is done and why it matters. */
  explanation: string;
  /**
   * Does it. What it throws is told as the reason why this step cannot run here.
   * @param output how lines are drawn; the step prints nothing itself
   */
  run(output: Output): StepReport | Promise<StepReport>;
}

/** Indents the evidence under a step's explanation. */
export function indent(lines: readonly string[]): string[] {
  return lines.map((line) => (line === '' ? '' : `  ${line}`));
}

/** @returns an output whose lines leave room for `indent` */
export function narrower(output: Output): Output {
  return { ...output, width: output.width - 2 };
}
