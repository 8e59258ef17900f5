/** `chunkyard compare --fidelity`: is every block where the native malloc puts it? */
import {
  addResult,
  compareMany,
  drawDifference,
  emptyTotal,
  type FidelityOptions,
  type FidelityResult,
  type FidelityTask,
  type FidelityTotal,
  machineGlibc,
} from '../compare/index.ts';
import { type GlibcVersion, profiles } from '../heap/index.ts';
import {
  builtInTraces,
  generateDamage,
  generateTrace,
  readTrace,
  type Trace,
  traceProfiles,
} from '../trace/index.ts';
import { Disappointment, UsageError } from './failure.ts';
import type { Output } from './output.ts';
import { count } from './words.ts';

/** Options of the command that concern fidelity. */
export interface FidelityCommandOptions {
  glibc?: GlibcVersion;
  arena: 'main' | 'thread' | 'both';
  seeds: number;
  operations: number;
  damaged: number;
  image?: boolean;
  json?: boolean;
}

/** A line of the table: one trace, or a profile with all its seeds. */
interface Group {
  name: string;
  total: FidelityTotal;
}

interface NamedTask extends FidelityTask {
  group: string;
}

/**
 * Runs the comparison and prints it.
 * @param sources traces as on the command line; none for the built-in ones and generated ones
 * @throws Disappointment when anything differs; UsageError when the machine's C library is none that is known
 */
export async function runFidelity(
  sources: readonly string[],
  options: FidelityCommandOptions,
  output: Output,
): Promise<void> {
  const glibc = options.glibc ?? machineGlibc();
  if (glibc === null) {
    const known = Object.keys(profiles).join(', ');
    throw new UsageError(
      `the C library of this machine is none of those that the heap knows (glibc ${known})`,
    );
  }
  const traces = await Promise.all(sources.map((source) => readTrace(source)));
  const tasks = traces.length > 0 ? tasksOf(traces, glibc, options) : await defaultTasks(glibc, options);
  const { groups, results, total, picture } = await runAll(tasks, output);
  if (options.json) {
    output.printJson('chunkyard-compare 1', {
      glibc,
      ...total,
      traces: results.map((result) => ({ ...result, rows: [] })),
    });
  } else {
    output.print(...renderFidelity(glibc, groups, total, output), ...picture);
  }
  if (total.firstDifference !== null || total.imagesEqual < total.imagesCompared) {
    throw new Disappointment('the heap and the native malloc differ');
  }
}

function arenasOf({ arena }: FidelityCommandOptions): ('main' | 'thread')[] {
  return arena === 'both' ? ['main', 'thread'] : [arena];
}

function tasksOf(
  traces: readonly Trace[],
  glibc: GlibcVersion,
  options: FidelityCommandOptions,
): NamedTask[] {
  return traces.flatMap((trace) => tasksFor(trace.name, () => trace, glibc, options));
}

function tasksFor(
  group: string,
  trace: () => Trace | Promise<Trace>,
  glibc: GlibcVersion,
  options: FidelityCommandOptions,
): NamedTask[] {
  const image = options.image ?? false;
  return arenasOf(options).map((arena) => ({ group, trace, options: { glibc, arena, image } }));
}

async function defaultTasks(glibc: GlibcVersion, options: FidelityCommandOptions): Promise<NamedTask[]> {
  const tasks = (await builtInTraces()).flatMap((name) =>
    tasksFor(name, () => readTrace(name), glibc, options),
  );
  const { operations } = options;
  for (const { name } of traceProfiles) {
    for (let seed = 1; seed <= options.seeds; seed++) {
      tasks.push(...tasksFor(name, () => generateTrace(name, { seed, operations }), glibc, options));
    }
  }
  for (let seed = 1; seed <= options.damaged; seed++) {
    tasks.push(...tasksFor('damaged', () => generateDamage(seed), glibc, options));
  }
  return tasks;
}

async function runAll(
  tasks: readonly NamedTask[],
  output: Output,
): Promise<{ groups: Group[]; results: FidelityResult[]; total: FidelityTotal; picture: string[] }> {
  const groups = new Map<string, Group>();
  const results: FidelityResult[] = [];
  const total = emptyTotal();
  let picture: string[] = [];
  const progress = output.progress('', tasks.length);
  try {
    for await (const { trace, task, result } of compareMany(tasks)) {
      const { group: name } = tasks[results.length];
      const group = groups.get(name) ?? { name, total: emptyTotal() };
      groups.set(name, group);
      addResult(group.total, result);
      const wasEqual = total.firstDifference === null;
      addResult(total, result);
      if (wasEqual && total.firstDifference) picture = await pictureOf(trace, result, task.options, output);
      results.push(result);
      progress.update(results.length, `${trace.name}, ${result.arena} arena`);
    }
  } finally {
    progress.stop();
  }
  return { groups: [...groups.values()], results, total, picture };
}

async function pictureOf(
  trace: Trace,
  result: FidelityResult,
  options: FidelityOptions,
  output: Output,
): Promise<string[]> {
  const { operation } = result.firstDifference!;
  const title = `first difference: ${trace.name}, ${result.arena} arena, operation ${count(operation)}`;
  return ['', output.palette.title(title), '', ...(await drawDifference(trace, operation, options))];
}

function renderFidelity(
  glibc: GlibcVersion,
  groups: readonly Group[],
  total: FidelityTotal,
  output: Output,
): string[] {
  const rows = [...groups, { name: 'total', total }].map(({ name, total: sum }) => [
    name,
    count(sum.traces),
    count(sum.operations),
    share(sum),
    sum.imagesCompared === 0 ? '-' : `${count(sum.imagesEqual)}/${count(sum.imagesCompared)}`,
    sum.firstDifference === null ? '-' : `${sum.firstDifference.trace} ${sum.firstDifference.operation}`,
  ]);
  const columns = [
    { title: 'trace' },
    ...['runs', 'operations', 'equal', 'images'].map((title) => ({ title, align: 'right' as const })),
    { title: 'first difference' },
  ];
  return [
    output.palette.title(`simulated heap against the native malloc, glibc ${glibc}`),
    '',
    ...output.table(columns, rows),
    '',
    verdict(total),
  ];
}

/** Never rounded up to 100: one block among millions counts. */
function share({ equal, operations }: FidelityTotal): string {
  if (operations === 0) return '-';
  return equal === operations ? '100 %' : `${(Math.floor((1e7 * equal) / operations) / 1e5).toFixed(5)} %`;
}

function verdict(total: FidelityTotal): string {
  const placements = `${count(total.equal)} of ${count(total.operations)} placements are equal`;
  const images = `${count(total.imagesEqual)} of ${count(total.imagesCompared)} heaps byte by byte`;
  return total.imagesCompared === 0 ? placements : `${placements}; ${images}`;
}
