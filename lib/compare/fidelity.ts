/**
 * Does the simulated heap do what the C library's malloc does? One trace on both, every placement, every value that
 * is read, the message of an abort and, if asked, every byte at the end compared.
 */
import { MiB } from '../core/index.ts';
import { type GlibcVersion, type Heap, profiles } from '../heap/index.ts';
import { Opcode, type Trace } from '../trace/index.ts';
import { comparePlacements, type Difference } from './agreement.ts';
import { firstHeapAddress, isReachable, makeFidelityHeap } from './fidelity-heap.ts';
import { compareImages, type ImageAgreement } from './fidelity-image.ts';
import { heapPlacements } from './fidelity-replay.ts';
import { type NativeOptions, NativeReplayer } from './native.ts';
import type { NativeImage } from './native-image.ts';

/** What to compare with what. */
export interface FidelityOptions {
  /** C library that the native replayer runs on. @defaultValue the machine's */
  glibc?: GlibcVersion;
  /** @defaultValue 'main' */
  arena?: 'main' | 'thread';
  /**
   * Compare the bytes at the end as well, unless more is live than a heap at the native address has room for (900 MiB,
   * or one heap of a thread arena). @defaultValue false
   */
  image?: boolean;
  /** Loader, build, environment and time limit of the native side. */
  native?: Pick<NativeOptions, 'launcher' | 'executable' | 'environment' | 'timeoutSeconds'>;
}

/** How far both agree on one trace. */
export interface FidelityResult {
  trace: string;
  arena: 'main' | 'thread';
  /** Placement lines compared, that of the ending included. */
  operations: number;
  equal: number;
  firstDifference: Difference | null;
  /** How the native run ended, if it died: abort message, SEGV, TIMEOUT. */
  ended: string | null;
  /** Null when not asked for, or when there is none. */
  image: ImageAgreement | null;
}

/** Runs whose heap lies where a window cannot have it are thrown away; the system chooses anew each time. */
const attempts = 12;
const damageTimeoutSeconds = 2;
/** What a memset with a damaged length leaves depends on the processor: both sides do what every x86-64 can do. */
const baselineProcessor =
  'glibc.cpu.hwcaps=-AVX2,-AVX2_Usable,-AVX512F,-AVX512VL,-AVX512BW,-AVX512F_Usable,-ERMS,-FSRM';

/**
 * @returns the machine's C library if its malloc can be simulated
 */
export function machineGlibc(): GlibcVersion | null {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  const version = report?.header?.glibcVersionRuntime ?? '';
  return version in profiles ? (version as GlibcVersion) : null;
}

/** @returns true when a trace writes, reads or frees where it should not: addresses matter then */
export function isDamaging(trace: Trace): boolean {
  const harmless: readonly number[] = [Opcode.usableSize, Opcode.trim, Opcode.mallopt];
  const heapCalls: readonly number[] = [
    Opcode.malloc,
    Opcode.calloc,
    Opcode.memalign,
    Opcode.realloc,
    Opcode.free,
  ];
  return (
    trace.hasDamage && trace.opcodes.some((code) => !harmless.includes(code) && !heapCalls.includes(code))
  );
}

/** What the native side did. */
export interface NativeRun {
  placements: string[];
  image: NativeImage | null;
}

/**
 * Runs the native side.
 * @param trace what to run; all its operations are
 * @throws ReplayerError when there is no replayer, or it fails
 */
export async function runNative(trace: Trace, options: FidelityOptions = {}): Promise<NativeRun> {
  const { arena = 'main', native = {} } = options;
  const image = options.image === true && isPlaceable(trace, arena);
  const damaging = isDamaging(trace);
  const limit = native.timeoutSeconds ?? (damaging ? damageTimeoutSeconds : undefined);
  const timeout = limit === undefined ? {} : { timeoutSeconds: limit };
  const environment = damaging
    ? { GLIBC_TUNABLES: baselineProcessor, ...native.environment }
    : native.environment;
  const how = {
    ...native,
    ...timeout,
    arena,
    damage: trace.hasDamage,
    ...(environment ? { environment } : {}),
  };
  using replayer = new NativeReplayer(trace, how);
  if (!damaging && !image) return { placements: withoutLine(await replayer.placements()), image: null };
  let run = await replayer.image();
  for (let attempt = 1; attempt < attempts; attempt++) {
    if (hasReachableHeap(run.image, arena)) break;
    run = await replayer.image();
  }
  return { placements: withoutLine(run.placements), image: run.image };
}

/** Program, file and line in the text of an assertion are those of one build. */
function withoutLine(placements: string[]): string[] {
  const last = placements.length - 1;
  if (last >= 0 && placements[last].startsWith('! ')) {
    placements[last] = placements[last]
      .replace(/^! (?:[^:]+: )?(?:malloc|arena)\.c:(?:\d+:)? (?=\w+: Assertion)/, '! malloc.c: ')
      .replace(/ (?:malloc|arena)\.c(?::\d+)? (?=\(\w+\): assertion)/, ' malloc.c ');
  }
  return placements;
}

/** Most bytes live at one time for which a heap can be put at the native run's address. */
const reachableBytes = { main: 900 * MiB, thread: 64 * MiB };

/**
 * Can the simulated heap lie where the native one lies? One that needs the whole window, or several 64 MiB heaps,
 * lies where it likes; then placements can be compared, but stale pointers in its bytes cannot.
 */
function isPlaceable(trace: Trace, arena: 'main' | 'thread'): boolean {
  return isDamaging(trace) || trace.peakLiveBytes < reachableBytes[arena];
}

function hasReachableHeap(image: NativeImage | null, arena: 'main' | 'thread'): boolean {
  const address = image === null ? null : firstHeapAddress(image, arena);
  return address === null || isReachable(address);
}

/** @returns the simulated heap for a native run, empty, at the same addresses where they matter */
export function heapFor(trace: Trace, run: NativeRun, options: FidelityOptions = {}): Heap {
  return makeFidelityHeap({
    glibc: options.glibc ?? machineGlibc() ?? '2.36',
    arena: options.arena ?? 'main',
    like: run.image,
    sameAddresses: isPlaceable(trace, options.arena ?? 'main'),
  });
}

/**
 * Compares the simulated heap with a native run.
 * @param trace what was run
 * @param run what came of it natively
 * @param options the same as for `runNative`
 */
export function judgeRun(trace: Trace, run: NativeRun, options: FidelityOptions = {}): FidelityResult {
  const heap = heapFor(trace, run, options);
  let image: ImageAgreement | null = null;
  const lookAtBytes = (): void => {
    if (options.image && run.image) image = compareImages(run.image, heap);
  };
  const how = { damage: trace.hasDamage, like: run.image, onEnd: lookAtBytes };
  const lines = withoutLine(heapPlacements(trace, heap, how));
  const last = run.placements.at(-1) ?? '';
  return {
    trace: trace.name,
    arena: options.arena ?? 'main',
    ...comparePlacements(run.placements, lines),
    ended: last.startsWith('! ') ? last.slice(2) : null,
    image,
  };
}

/**
 * Runs a trace on both sides.
 * @param trace what to run
 * @param options version, arena, image
 * @returns how far they agree
 * @throws ReplayerError when there is no replayer, or it fails
 */
export async function compareFidelity(trace: Trace, options: FidelityOptions = {}): Promise<FidelityResult> {
  return judgeRun(trace, await runNative(trace, options), options);
}
