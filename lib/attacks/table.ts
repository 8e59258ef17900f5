/** Every technique on every version, with one defence or none. */
import { type Defence, type GlibcVersion, sampleEvery } from '../heap/index.ts';
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
  if (defence === 'sampled-guards') return sampledCell(technique, glibc, layout);
  const defences = defence === undefined ? [] : [defence];
  const { outcome, message } = runAttack(technique, { glibc, defences, layout });
  const difference = defence === undefined ? differenceOf(technique.name, glibc) : null;
  return {
    glibc,
    outcome,
    ...(message === undefined ? {} : { message }),
    ...(difference === null ? {} : { difference: `how2heap lists ${difference.listed}: ${difference.why}` }),
  };
}

/** Which blocks are sampled is chance: every possibility is tried. */
function sampledCell(technique: Technique, glibc: GlibcVersion, layout: Layout): Cell {
  const mask = BigInt(sampleEvery - 1);
  const ends = Array.from({ length: sampleEvery }, (_, phase) =>
    runAttack(technique, {
      glibc,
      defences: ['sampled-guards'],
      layout: { ...layout, key: (layout.key & ~mask) | BigInt(phase) },
    }),
  );
  const works = ends.find(({ outcome }) => outcome === 'works');
  const { outcome, message } = works ?? ends[0];
  if (outcome === 'not-applicable') return { glibc, outcome, message: message! };
  const times = ends.filter((end) => end.outcome === 'stopped').length;
  return {
    glibc,
    outcome,
    ...(message === undefined ? {} : { message }),
    stopped: { times, of: sampleEvery },
  };
}
