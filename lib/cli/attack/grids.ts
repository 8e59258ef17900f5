/** The tables of attacks as grids of marks with numbered notes. */
import type { AttackTable, Cell, DefenceTable } from '../../attacks/index.ts';
import type { Grid, GridCell } from '../../view/index.ts';

/** Numbers messages as they come. */
class Notes {
  readonly #numbers = new Map<string, number>();

  numberOf(message: string): number {
    const known = this.#numbers.get(message);
    if (known !== undefined) return known;
    this.#numbers.set(message, this.#numbers.size + 1);
    return this.#numbers.size;
  }

  lines(): string[] {
    return [...this.#numbers].map(([message, number]) => `(${number}) ${message}`);
  }
}

const meaning = 'yes: works; (n): stopped by message n; -: nothing to attack';

/** @returns techniques by versions */
export function gridOfTable({ versions, defence, rows }: AttackTable): Grid {
  const notes = new Notes();
  const gridRows = rows.map(({ technique, scope, cells }) => ({
    name: scope === 'whole' ? technique : `${technique} (half)`,
    cells: cells.map((cell) => cellOf(cell, notes)),
  }));
  const differences = rows.flatMap(({ technique, cells }) =>
    cells.flatMap(({ difference }) => (difference === undefined ? [] : [`* ${technique}: ${difference}`])),
  );
  return {
    title:
      defence === undefined
        ? 'Heap attacks by glibc version'
        : `Heap attacks by glibc version, with ${defence}`,
    subtitle: defence === undefined ? `${meaning}; *: see below` : `${meaning}; +: stopped by the defence`,
    columns: versions,
    rows: gridRows,
    notes: [
      ...notes.lines(),
      '(half): the heap half; the end of the technique lies outside of the heap',
      ...new Set(differences),
    ],
  };
}

/** @returns techniques by defences, on one version */
export function gridOfDefences({ glibc, defences, stops, rows }: DefenceTable): Grid {
  const notes = new Notes();
  const gridRows = rows
    .filter(({ plain }) => plain.outcome === 'works')
    .map(({ technique, cells }) => ({ name: technique, cells: cells.map((cell) => cellOf(cell, notes)) }));
  const letters = defences.map((_, index) => String.fromCharCode(65 + index));
  return {
    title: `What each defence stops, of the ${gridRows.length} attacks that work on glibc ${glibc}`,
    subtitle: 'yes: works all the same; +(n): stopped by message n; k/8: in k of 8 cases',
    columns: letters,
    rows: gridRows,
    notes: [
      ...defences.map((name, index) => `${letters[index]} ${name}: stops ${stops[index]}`),
      ...notes.lines(),
    ],
  };
}

function cellOf(cell: Cell, notes: Notes): GridCell {
  const { glibc, outcome, message = '', difference, byDefence, stopped } = cell;
  if (outcome === 'not-applicable') return { text: '-', kind: 'other', tip: `${glibc}: ${message}` };
  if (outcome === 'works') {
    const share = stopped !== undefined && stopped.times > 0 ? `${stopped.times}/${stopped.of}` : 'yes';
    const tip = difference === undefined ? 'works' : `works; ${difference}`;
    return { text: difference === undefined ? share : 'yes*', kind: 'bad', tip: `${glibc}: ${tip}` };
  }
  const text = `${byDefence ? '+' : ''}(${notes.numberOf(general(message))})`;
  return { text, kind: 'good', tip: `${glibc}: ${message}` };
}

/** What was not reached differs from technique to technique: one note for all. */
function general(message: string): string {
  return message.startsWith('no effect') ? 'no effect: nothing noticed it, but it gained nothing' : message;
}
