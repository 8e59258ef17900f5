/**
 * Every cost that can be asked for: its name, what one operation of it is, and what it needs. The addon times the
 * cases of most groups in C++ (native/timed_*.cc); `crossing` and the `js-`, `addon-` and `heap-` cases are loops in
 * JavaScript.
 */
import { timedCases } from '../posix/index.ts';
import { callCases } from './cases-calls.ts';
import { mapCases } from './cases-map.ts';
import { workCases } from './cases-work.ts';

/** What is known of a case before it is measured. */
export interface CaseInfo {
  name: string;
  group: GroupName;
  /** One operation, in words. */
  what: string;
  /** What it takes, for the reason when it is refused. */
  needs?: string;
  /** Fills hundreds of megabytes, or takes seconds: not in a quick run, and fewer launches. */
  isLarge?: boolean;
  /** Runs a second thread. Last in its launch: its processor stays in the kernel's books, see `launch`. */
  hasCompany?: boolean;
  /** Bytes one operation works on, for plots and figures per page. */
  bytes?: number;
}

/** Groups, in the order of the table. Each is measured in processes of its own. */
export const groupTitles = {
  call: 'the least there is',
  mmap: 'mmap and munmap',
  company: 'the same in other company',
  touch: 'the first access to a page',
  mprotect: 'mprotect',
  break: 'the program break',
  pages: 'madvise, mremap, msync, mlock, mincore',
  guard: 'running into a guard page',
  malloc: 'malloc and free',
  crossing: 'the way from JavaScript',
} as const;

/** Name of a group. */
export type GroupName = keyof typeof groupTitles;

/** A group's cases as its file writes them: name, what, and more. */
export type CaseRow = readonly [name: string, what: string, more?: Omit<CaseInfo, 'name' | 'group' | 'what'>];

/** All cases, in the order of the table. */
export const catalogue: readonly CaseInfo[] = Object.entries<readonly CaseRow[]>({
  call: callCases.call,
  mmap: mapCases.mmap,
  company: mapCases.company,
  touch: mapCases.touch,
  mprotect: callCases.mprotect,
  break: callCases.break,
  pages: callCases.pages,
  guard: callCases.guard,
  malloc: workCases.malloc,
  crossing: workCases.crossing,
} satisfies Record<GroupName, readonly CaseRow[]>).flatMap(([group, rows]) =>
  rows.map(([name, what, more]) => ({ name, group: group as GroupName, what, ...more })),
);

const byName: ReadonlyMap<string, CaseInfo> = new Map(catalogue.map((info) => [info.name, info]));

/** @returns what is known of a case, undefined for an unknown name */
export function caseInfo(name: string): CaseInfo | undefined {
  return byName.get(name);
}

/**
 * Says why a case has no figures.
 * @param name of the case
 * @param refusal what the system said; nothing when the addon does not have the case here
 */
export function reasonFor(name: string, refusal?: string): string {
  const needs = caseInfo(name)?.needs;
  const why = refusal ?? `${process.platform} has no such call`;
  return needs === undefined ? why : `${why}; needs ${needs}`;
}

/**
 * Finds cases by name or by group.
 * @param words names of cases or groups; empty for all
 * @returns the cases, in the order of the table; null and the word that means nothing when there is one
 */
export function selectCases(words: readonly string[]): { cases: CaseInfo[] } | { unknown: string } {
  const unknown = words.find((word) => !byName.has(word) && !Object.hasOwn(groupTitles, word));
  if (unknown !== undefined) return { unknown };
  const isWanted = (info: CaseInfo): boolean => words.includes(info.name) || words.includes(info.group);
  return { cases: catalogue.filter((info) => words.length === 0 || isWanted(info)) };
}

/** @returns cases of the addon that the catalogue does not describe; a mistake if there are any */
export function undescribedCases(): string[] {
  return timedCases().filter((name) => !byName.has(name));
}
