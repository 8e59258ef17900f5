/** lib/attacks: heap exploits as short programs on the simulated heap, for defence and teaching. */
export { type Difference, differences } from './differences.ts';
export { attackVersions } from './facts.ts';
export { type Layout, layoutOf } from './layout.ts';
export { type NativeAttack, runAttackNatively } from './native.ts';
export { type AttackOptions, type AttackResult, type Outcome, runAttack, techniqueNamed } from './outcome.ts';
export {
  type AttackTable,
  attacks,
  attackTable,
  type Cell,
  type DefenceTable,
  defenceTable,
  type TableOptions,
  type TableRow,
} from './table.ts';
export type { Technique } from './technique.ts';
export { techniques } from './techniques/index.ts';
export type { Claim, Step } from './telling.ts';
