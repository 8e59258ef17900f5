/** lib/costs: what a system call costs: measure, statistics, the machine it was measured on. */
export { describeMachine, type Machine } from './machine.ts';
export {
  type CostCase,
  type CostTable,
  type MissingCost,
  measure,
  measureAll,
  measureFunction,
} from './measure.ts';
export { type CostSummary, ranksOutside, summarize } from './statistics.ts';
