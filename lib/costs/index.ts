/** lib/costs: what a system call costs: measure, the machine it was measured on. */
export { type CostSummary, ranksOutside, summarize } from '../core/index.ts';
export { describeMachine, type Machine } from './machine.ts';
export {
  type CostCase,
  type CostTable,
  type MissingCost,
  measure,
  measureAll,
  measureFunction,
} from './measure.ts';
