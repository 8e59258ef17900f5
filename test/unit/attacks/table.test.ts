/** The table of attacks: complete, as how2heap lists them, the same whatever addresses and key are. */
import { describe, expect, it } from 'vitest';
import {
  attacks,
  attackTable,
  attackVersions,
  defenceTable,
  differences,
  layoutOf,
} from '../../../lib/attacks/index.ts';
import { columns, listed } from './listed.ts';

const letters = { works: 'W', stopped: 'S', 'not-applicable': '-' } as const;
const table = attackTable();
const rows = table.rows.map((row) => [row.technique, row] as const);

describe('the table', () => {
  it('has every technique that is listed, and no other, on every version', () => {
    expect(table.rows.map(({ technique }) => technique).toSorted()).toEqual(Object.keys(listed).toSorted());
    expect(table.versions).toEqual(columns);
    expect(attackVersions).toEqual(columns);
    expect(attacks).toHaveLength(35);
    expect(table.rows.filter(({ scope }) => scope === 'heap half')).toHaveLength(3);
  });

  it.each(rows)('%s is as listed, or the difference is explained', (technique, { cells }) => {
    const expected = listed[technique];
    for (const [index, cell] of cells.entries()) {
      const isSame = letters[cell.outcome] === expected.cells[index];
      const where = `${technique} on ${cell.glibc}: ${cell.outcome} ${cell.message ?? ''}`;
      expect(isSame, where).toBe(cell.difference === undefined);
      if (cell.outcome === 'stopped') expect(cell.message, where).toMatch(expected.message ?? /^never$/);
      if (cell.outcome === 'not-applicable') expect(cell.message, where).toMatch(/\w/);
    }
  });

  it('explains nothing that does not differ', () => {
    const explained = table.rows.flatMap(({ cells }) =>
      cells.filter(({ difference }) => difference !== undefined),
    );
    expect(explained).toHaveLength(differences.reduce((sum, { versions }) => sum + versions.length, 0));
  });
});

describe('over 20 seeds', () => {
  const text = JSON.stringify(table);
  it.each(Array.from({ length: 19 }, (_, index) => index + 2))('seed %i gives the same table', (seed) => {
    expect(JSON.stringify(attackTable({ layout: layoutOf(seed) }))).toBe(text);
  });

  it('lays the heap out anew each time', () => {
    const layouts = Array.from({ length: 20 }, (_, seed) => layoutOf(seed));
    expect(new Set(layouts.map(({ key }) => key)).size).toBe(20);
    expect(new Set(layouts.map(({ baseAddress, heapStart }) => `${baseAddress} ${heapStart}`)).size).toBe(20);
  });
});

describe('with defences', () => {
  /** What a defence is for, and what it cannot see. */
  const cases = [
    ['safe-linking', '2.27', [], ['tcache_poisoning', 'overlapping_chunks']],
    ['random-key', '2.27', ['tcache_dup'], ['house_of_botcake']],
    ['random-key', '2.31', ['house_of_io'], ['tcache_poisoning']],
    ['canary', '2.36', ['tcache_house_of_spirit'], ['tcache_poisoning']],
    ['header-checksum', '2.36', ['overlapping_chunks', 'mmap_overlapping_chunks'], ['unsafe_unlink']],
    ['zero-on-free', '2.36', ['house_of_botcake'], ['tcache_poisoning']],
    ['quarantine', '2.36', ['fastbin_dup', 'tcache_poisoning'], ['sysmalloc_int_free']],
    ['metadata-copy', '2.36', ['overlapping_chunks_2', 'house_of_spirit'], ['tcache_poisoning']],
  ] as const;

  it.each(cases)('%s on %s stops what it is for', (defence, glibc, stops, leaves) => {
    const made = attackTable({ defence, versions: [glibc] });
    const cellOf = (name: string): object => made.rows.find(({ technique }) => technique === name)!.cells[0];
    expect(made.defence).toBe(defence);
    for (const name of stops)
      expect(cellOf(name), name).toMatchObject({ outcome: 'stopped', byDefence: true });
    for (const name of leaves) expect(cellOf(name), name).toMatchObject({ outcome: 'works' });
  });

  it('never lets a technique work that is stopped without it, but by chance of the layout', () => {
    const { rows: byTechnique, stops, defences } = defenceTable('2.36');
    expect(stops).toHaveLength(defences.length);
    for (const { technique, plain, cells } of byTechnique) {
      if (plain.outcome === 'works') continue;
      for (const cell of cells) expect(cell.outcome, technique).toBe(plain.outcome);
    }
  });
});
