/** Every technique on every version, with one defence or none. */
import { type Defence, defences, type GlibcVersion, sampleEvery } from '../heap/index.ts';
import { differenceOf } from './differences.ts';
import { attackVersions } from './facts.ts';
import { type Layout, layoutOf } from './layout.ts';
import { type Outcome, runAttack } from './outcome.ts';
import type { Technique } from './technique.ts';
import { techniques } from './techniques/index.ts';

/** One technique on one version. */
export interface Cell {
  glibc: GlibcVersion;
  outcome: Outcome;
  /** What stopped it, or why there is nothing to attack. */
  message?: string;
  /** Why how2heap's lists say something else. */
  difference?: string;
  /** Stopped by the defence: without it, it works. */
  byDefence?: boolean;
  /** Of a defence that depends on chance: in how many of all cases it stopped the technique. */
  stopped?: { times: number; of: number };
}

/** One technique. */
export interface TableRow {
  technique: string;
  scope: 'whole' | 'heap half';
  cells: Cell[];
}

/** The table. */
export interface AttackTable {
  versions: readonly GlibcVersion[];
  defence?: Defence;
  rows: TableRow[];
}

/** What is put into the table. */
export interface TableOptions {
  /** @defaultValue all */
  versions?: readonly GlibcVersion[];
  /** @defaultValue none */
  defence?: Defence;
  /** Addresses and key. @defaultValue `layoutOf(1)` */
  layout?: Layout;
  /** Told after every row. */
  onRow?: (done: number, all: number) => void;
}

/** The techniques that are attacks. */
export const attacks: readonly Technique[] = techniques.filter(({ scope }) => scope !== 'demonstration');

/**
 * Makes the table.
 * @param options all have defaults
 * @returns a row for each of the 35 techniques
 */
export function attackTable(options: TableOptions = {}): AttackTable {
  const { versions = attackVersions, defence, onRow } = options;
  const rows = attacks.map((technique, index) => {
    const cells = versions.map((glibc) => cellOf(technique, glibc, options));
    onRow?.(index + 1, attacks.length);
    return { technique: technique.name, scope: technique.scope as TableRow['scope'], cells };
  });
  return { versions, ...(defence === undefined ? {} : { defence }), rows };
}

function cellOf(technique: Technique, glibc: GlibcVersion, options: TableOptions): Cell {
  const { defence, layout = layoutOf(1) } = options;
  const { outcome, message } = runAttack(technique, { glibc, layout });
  const plain = { glibc, outcome, ...(message === undefined ? {} : { message }) };
  if (defence === undefined) {
    const difference = differenceOf(technique.name, glibc);
    if (difference === null) return plain;
    return { ...plain, difference: `how2heap lists ${difference.listed}: ${difference.why}` };
  }
  if (outcome === 'not-applicable') return plain;
  if (defence === 'sampled-guards') return sampledCell(technique, outcome, glibc, layout);
  const end = runAttack(technique, { glibc, defences: [defence], layout });
  return {
    glibc,
    outcome: end.outcome,
    ...(end.message === undefined ? {} : { message: end.message }),
    ...(end.outcome === 'stopped' ? { byDefence: outcome === 'works' } : {}),
  };
}

/** Which blocks are sampled is chance: every possibility is tried, and one that works is enough for an attacker. */
function sampledCell(technique: Technique, plain: Outcome, glibc: GlibcVersion, layout: Layout): Cell {
  const mask = BigInt(sampleEvery - 1);
  const ends = Array.from({ length: sampleEvery }, (_, phase) =>
    runAttack(technique, {
      glibc,
      defences: ['sampled-guards'],
      layout: { ...layout, key: (layout.key & ~mask) | BigInt(phase) },
    }),
  );
  const times = ends.filter(({ outcome }) => outcome === 'stopped').length;
  const { outcome, message } = ends.find((end) => end.outcome === 'works') ?? ends[0];
  return {
    glibc,
    outcome,
    ...(message === undefined ? {} : { message }),
    ...(outcome === 'stopped' ? { byDefence: plain === 'works' } : {}),
    ...(plain === 'works' ? { stopped: { times, of: sampleEvery } } : {}),
  };
}

/** One version, a column for each defence. */
export interface DefenceTable {
  glibc: GlibcVersion;
  defences: readonly Defence[];
  /** How many techniques that work without it each one stops, in the order of `defences`. */
  stops: number[];
  rows: { technique: string; plain: Cell; cells: Cell[] }[];
}

/**
 * Every technique against every defence.
 * @param glibc the version
 * @param onColumn told after every defence
 */
export function defenceTable(
  glibc: GlibcVersion,
  onColumn?: (done: number, all: number) => void,
): DefenceTable {
  const names = Object.keys(defences) as Defence[];
  const versions = [glibc];
  const plain = attackTable({ versions });
  const columns = names.map((defence, index) => {
    const { rows } = attackTable({ versions, defence });
    onColumn?.(index + 1, names.length);
    return rows;
  });
  return {
    glibc,
    defences: names,
    stops: columns.map((rows) => rows.filter(({ cells }) => cells[0].byDefence).length),
    rows: plain.rows.map(({ technique, cells: [cell] }, index) => ({
      technique,
      plain: cell,
      cells: columns.map((rows) => rows[index].cells[0]),
    })),
  };
}
