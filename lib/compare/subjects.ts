/** The allocators of this package that a trace can be replayed on, each on fresh pages. */
import { ARENA_HEADER_BYTES, ChunkList, type Placement } from '../chunklist/index.ts';
import { type Allocator, GiB } from '../core/index.ts';
import { mmapSource } from '../pages/index.ts';

/** Names as the command line has them. */
export type SubjectName = 'chunklist';

/** All of them. */
export const subjectNames: readonly SubjectName[] = ['chunklist'];

/** What a subject can be told. */
export interface SubjectOptions {
  /** Search order of `chunklist`. @defaultValue 'first-fit' */
  placement?: Placement;
}

/** A fresh allocator, with what the comparison wants to know beyond `Allocator`. */
export interface Subject {
  allocator: Allocator;
  /** System calls of its pages so far, by name. */
  systemCalls: Readonly<Record<string, number>>;
  /** Where placement offsets count from. */
  firstChunkOffset: number;
}

const arenaLimitBytes = 2 * GiB;

/**
 * Makes an allocator with an empty arena on real pages.
 * @param name which
 * @param options for it
 * @throws PosixError when there is no room for the arena
 */
export function makeSubject(_name: SubjectName, options: SubjectOptions = {}): Subject {
  const source = mmapSource({ limitBytes: arenaLimitBytes, name: 'chunkyard replay' });
  const allocator = ChunkList.create({ source, placement: options.placement ?? 'first-fit' });
  return { allocator, systemCalls: source.systemCalls, firstChunkOffset: ARENA_HEADER_BYTES };
}
