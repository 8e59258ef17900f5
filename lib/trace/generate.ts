/**
 * Traces of programs that nobody wrote: a seed and a profile give the same operations on every machine. Each
 * profile presses on one part of a malloc; together they reach all of it.
 */
import { ArgumentError, KiB, MiB, type Random, requireInteger, seededRandom } from '../core/index.ts';
import { type Churn, churn } from './generate-churn.ts';
import { type Mix, mixRecipe } from './generate-mix.ts';
import * as shapes from './generate-shapes.ts';
import { logUniform, sizes, uniform } from './generate-sizes.ts';
import type { Trace } from './trace.ts';
import { TraceMaker } from './trace-maker.ts';

/** A kind of program. */
export interface TraceProfile {
  name: string;
  /** What it does, one line. */
  what: string;
}

interface Recipe extends TraceProfile {
  write: shapes.Shape;
}

/** How long a trace, and which one. */
export interface GenerateOptions {
  /** Any safe integer >= 0. @defaultValue 1 */
  seed?: number;
  /** 1 to 1,000 million; what is kept in memory takes 21 bytes each. @defaultValue 20,000 */
  operations?: number;
  /** What the profile `mix` is made of. */
  mix?: Mix;
}

/** Seeds of profiles are 64 apart. */
const mixPlace = 63;

function churning(name: string, what: string, how: Churn): Recipe {
  return { name, what, write: (maker, random) => churn(maker, random, how) };
}

function shaped(name: string, what: string, write: shapes.Shape): Recipe {
  return { name, what, write };
}

const grow = (random: Random, size: number): number => size + random.integer(1, 1 + (size >> 1));
const shrink = (random: Random, size: number): number => random.integer(1, Math.max(1, size));

const recipes: readonly Recipe[] = [
  churning('uniform', 'sizes 16 to 4096, all alike', { sizes: sizes.uniform, live: 1000 }),
  churning('log-uniform', 'sizes 8 to 65536, every magnitude alike', { sizes: sizes.logUniform, live: 1000 }),
  churning('small', 'sizes up to 128', { sizes: sizes.small, live: 400 }),
  churning('cached', 'sizes of the per-thread cache', { sizes: sizes.cached, live: 300 }),
  churning('fastbins', 'fastbin sizes in waves', { sizes: sizes.fast, live: 500, waves: true }),
  churning('borders', 'sizes where size classes meet', { sizes: sizes.borders, live: 300 }),
  churning('few-sizes', 'nine sizes', { sizes: sizes.few, live: 400 }),
  churning('large-bins', 'sizes of large bins', { sizes: sizes.large, live: 150 }),
  churning('large-borders', 'sizes where large bins meet', { sizes: sizes.largeBorders, live: 120 }),
  churning('crowded-bins', 'many equal sizes in few large bins', { sizes: sizes.crowded, live: 250 }),
  churning('bimodal', 'small blocks with some large ones between', { sizes: sizes.bimodal, live: 800 }),
  churning('pages', 'whole pages and a little less', { sizes: sizes.pages, live: 60 }),
  churning('reallocs', 'a fifth of the calls is realloc', { sizes: sizes.uniform, live: 300, realloc: 0.2 }),
  churning('realloc-growing', 'blocks grow by up to a half', {
    ...{ sizes: sizes.small, live: 200, realloc: 0.3, resizes: grow },
  }),
  churning('realloc-shrinking', 'blocks shrink', {
    ...{ sizes: sizes.logUniform, live: 300, realloc: 0.3, resizes: shrink },
  }),
  churning('memalign', 'alignments up to a page', { sizes: sizes.bimodal, live: 200, memalign: 0.5 }),
  churning('memalign-waves', 'small alignments in waves', {
    ...{ sizes: sizes.cached, live: 800, memalign: 0.2, alignmentBits: 8, waves: true },
  }),
  churning('memalign-wide', 'alignments up to 32 KiB of blocks that never get a mapping', {
    ...{ sizes: uniform(1, 30 * KiB), live: 60, memalign: 0.6, alignmentBits: 15 },
  }),
  churning('callocs', 'mostly calloc', { sizes: sizes.cached, live: 400, calloc: 0.8, waves: true }),
  churning('all-calls', 'every call of the family', {
    ...{ sizes: sizes.logUniform, live: 300, calloc: 0.2, memalign: 0.1, realloc: 0.1, usable: 0.05 },
    ...{ freeNull: 0.02, trim: 0.001 },
  }),
  churning('threshold', 'sizes around the mmap threshold', {
    sizes: sizes.threshold,
    live: 20,
    realloc: 0.1,
  }),
  churning('mappings', 'blocks of 100 KiB to 40 MiB', { sizes: sizes.mappings, live: 12, realloc: 0.05 }),
  churning('trims', 'malloc_trim between large and small blocks', {
    ...{ sizes: sizes.bimodal, live: 300, waves: true, trim: 0.01 },
  }),
  churning('options', 'mallopt of every parameter', {
    ...{ sizes: logUniform(8, 300 * KiB), live: 150, mallopt: 0.005, realloc: 0.1, calloc: 0.1, waves: true },
  }),
  churning('options-fast', 'mallopt of the fastbin limit', {
    ...{ sizes: sizes.borders, live: 300, mallopt: 0.003, trim: 0.001, waves: true },
  }),
  churning('usable-size', 'asks for usable sizes, frees null', {
    ...{ sizes: logUniform(1, MiB), live: 100, usable: 0.3, freeNull: 0.1 },
  }),
  churning('stack', 'last in, first out', { sizes: sizes.uniform, live: 500, dies: 'youngest', waves: true }),
  churning('oldest-first', 'first in, first out, nearly', {
    sizes: sizes.logUniform,
    live: 400,
    dies: 'oldest',
  }),
  churning('young', 'blocks die young', { sizes: sizes.bimodal, live: 2000, dies: 'young' }),
  churning('zipf', 'most die young, some live nearly for ever', {
    ...{ sizes: sizes.logUniform, live: 2000, dies: 'zipf', realloc: 0.05 },
  }),
  churning('waves', 'everything freed now and then', {
    sizes: sizes.few,
    live: 600,
    waves: true,
    calloc: 0.3,
  }),
  shaped('queues', 'producers and consumers', shapes.queues),
  shaped('sessions', 'a server with sessions', shapes.sessions),
  shaped('batches', 'phases that end as a whole', shapes.batches),
  shaped('fragmentation', 'holes a little too small', shapes.fragmentation),
  shaped('realloc-ladders', 'strings and arrays that grow', shapes.reallocLadders),
  shaped('trees', 'a parser of small documents', shapes.trees),
  shaped('top-edges', 'the last bytes of top', shapes.topEdges),
  shaped('first-calls', 'unusual first calls', shapes.firstCalls),
  shaped('impossible-sizes', 'refused requests', shapes.impossibleSizes),
  shaped('moving-threshold', 'the dynamic mmap threshold', shapes.movingThreshold),
  shaped('huge', 'across the borders of 64 MiB heaps', shapes.hugeHeaps),
];

/** Every profile, in a fixed order. */
export const traceProfiles: readonly TraceProfile[] = recipes.map(({ name, what }) => ({ name, what }));

/**
 * Makes a trace.
 * @param profile one of the names in `traceProfiles`, or `mix`, which the options describe
 * @param options seed and length
 * @returns a valid trace named `profile-seed`; equal arguments give equal traces
 * @throws ArgumentError ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE
 */
export function generateTrace(profile: string, options: GenerateOptions = {}): Trace {
  const { name, what, operations, write } = makeTrace(profile, options);
  const maker = new TraceMaker(operations);
  write(maker);
  return maker.finish(name, what);
}

/** What is needed to make a trace, wherever its operations go. */
export function makeTrace(
  profile: string,
  options: GenerateOptions,
): TraceProfile & { operations: number; write: (maker: TraceMaker) => void } {
  const place = profile === 'mix' ? mixPlace : recipes.findIndex(({ name }) => name === profile);
  const recipe = profile === 'mix' ? mixRecipe(options.mix ?? {}) : recipes[place];
  if (recipe === undefined) {
    const known = [...traceProfiles, { name: 'mix' }].map(({ name }) => name).join(', ');
    throw new ArgumentError('ERR_INVALID_ARG_VALUE', 'profile', `one of ${known}`, profile);
  }
  const seed = requireInteger('seed', options.seed ?? 1);
  const operations = requireInteger('operations', options.operations ?? 20_000, { minimum: 1, maximum: 1e9 });
  const { what, write } = recipe;
  const random = seededRandom(seed * 64 + place);
  return { name: `${profile}-${seed}`, what, operations, write: (maker) => write(maker, random) };
}
