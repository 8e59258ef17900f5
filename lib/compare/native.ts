/**
 * The platform's own malloc under a trace: runs `native/tools/replayer.c` and reads its answers. Every call is a
 * fresh process whose heap holds nothing but the trace's blocks.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Trace } from '../trace/index.ts';
import { type NativeImage, parseNativeImage } from './native-image.ts';
import { requirePreloaded } from './preloads.ts';
import { encodeProgram } from './program.ts';
import { NamelessFile } from './program-file.ts';
import { ReplayerError } from './replayer-error.ts';
import { runChild } from './run-child.ts';
import { parseSamples, type TimelineOptions, type TimelineSample } from './timeline.ts';

/** How a trace is replayed natively. */
export interface NativeOptions {
  /** The process's first arena, on the program break, or that of a second thread. @defaultValue 'main' */
  arena?: 'main' | 'thread';
  /** Each recorded thread is a thread of its own, taking turns as recorded; placements and sizes only. */
  threads?: boolean;
  /** A shared library with another malloc, put before the C library's. */
  preload?: string;
  /** Run the trace's damage operations too. @defaultValue false */
  damage?: boolean;
  /** One replay may take this long, in whole seconds; then it ends with TIMEOUT. @defaultValue 120 */
  timeoutSeconds?: number;
  /** Another build of the replayer, for a C library older than this machine's. @defaultValue `replayerPath()` */
  executable?: string;
  /** Put before the executable: another C library's loader with its arguments. */
  launcher?: readonly string[];
  /** Added to an environment that holds nothing else, for example GLIBC_TUNABLES. */
  environment?: Readonly<Record<string, string>>;
}

/** What the heap took. */
export interface NativeFootprint {
  operations: number;
  failedAllocations: number;
  /** Most bytes at one time: growth of the heap, and mappings of their own. 0 where the C library hides it. */
  peakHeapBytes: number;
  /** How the run ended if not well: glibc's abort message, SEGV, TIMEOUT. */
  ended?: string;
}

/** One timed run of the whole trace. */
export interface NativeRound {
  /** Child process, from 0: a fresh one for each pass. */
  pass: number;
  /** Run inside that process, from 0; the first meets a fresh heap. */
  round: number;
  /** CPU time of the thread, and time on the clock, for all operations. */
  cpuNs: number;
  wallNs: number;
  /** Page faults served without reading from a disk. */
  minorFaults: number;
}

/** Modes of the replayer that can have several threads. */
const takingTurns: ReadonlySet<string> = new Set(['placements', 'footprint', 'timeline']);

const places = ['build/Release/replayer', `prebuilds/${process.platform}-${process.arch}/replayer`];

/**
 * Finds the executable.
 * @returns its path
 * @throws ReplayerError ERR_REPLAYER_MISSING, naming every place looked at
 */
export function replayerPath(): string {
  // The same distance from lib/compare and from dist/compare.
  const paths = places.map((place) => fileURLToPath(new URL(`../../${place}`, import.meta.url)));
  const found = paths.find((path) => existsSync(path));
  if (found !== undefined) return found;
  const hint = 'build it with "npm run build:native"';
  throw new ReplayerError('ERR_REPLAYER_MISSING', `no native replayer at ${paths.join(' or ')}; ${hint}`);
}

/** One trace, encoded once, for any number of native replays. */
export class NativeReplayer {
  readonly #file: NamelessFile;
  readonly #options: NativeOptions;
  readonly #executable: string;

  /** @throws ReplayerError ERR_REPLAYER_MISSING */
  constructor(trace: Trace, options: NativeOptions = {}) {
    this.#executable = options.executable ?? replayerPath();
    this.#options = options;
    this.#file = new NamelessFile(encodeProgram(trace, { threads: options.threads ?? false }));
  }

  /** @returns a line for every operation, as docs/trace-format.md has them; `! message` last if the run died */
  async placements(): Promise<string[]> {
    const lines = (await this.#run('placements')).split('\n');
    lines.pop();
    return lines;
  }

  /**
   * Placements, and what the heap looked like at the end of the same run, also when it died.
   * @returns both; the image is null where none can be made (no glibc)
   */
  async image(): Promise<{ placements: string[]; image: NativeImage | null }> {
    const folder = mkdtempSync(join(tmpdir(), 'chunkyard-'));
    try {
      const path = join(folder, 'image');
      const lines = (await this.#run('placements', '--image', path)).split('\n');
      lines.pop();
      return { placements: lines, image: parseNativeImage(readFileSync(path)) };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** @returns peak and counts of one run */
  async footprint(): Promise<NativeFootprint> {
    return this.#sizes(await this.#run('footprint'));
  }

  /**
   * The heap over time, in one run.
   * @param options when to look
   * @returns a sample for every look, and what `footprint` gives
   */
  async timeline(
    options: TimelineOptions,
  ): Promise<{ samples: TimelineSample[]; footprint: NativeFootprint }> {
    const { every, alsoAt = 0, touch = false } = options;
    const also = alsoAt > 0 ? ['--also-at', String(alsoAt)] : [];
    const text = await this.#run(
      ...['timeline', '--every', String(every), ...also],
      ...(touch ? ['--touch'] : []),
    );
    return { samples: parseSamples(text), footprint: this.#sizes(text) };
  }

  #sizes(text: string): NativeFootprint {
    const fields = keyValues(text);
    if (this.#options.preload !== undefined) requirePreloaded(this.#options.preload, fields.get('preloaded'));
    const ended = fields.get('ended');
    return {
      operations: Number(fields.get('operations')),
      failedAllocations: Number(fields.get('failed')),
      peakHeapBytes: Number(fields.get('peak-heap-bytes')),
      ...(ended === undefined ? {} : { ended }),
    };
  }

  /**
   * @param passes fresh processes, 1 to 10,000
   * @param rounds runs in each of them, 1 to 10,000; blocks left over are freed between them, off the clock
   * @returns passes * rounds timings, in order
   */
  async time(passes = 1, rounds = 1): Promise<NativeRound[]> {
    const text = await this.#run('time', '--passes', String(passes), '--rounds', String(rounds));
    const line = /^pass (\d+) round (\d+) cpu-ns (\d+) wall-ns (\d+) minor-faults (\d+)$/gm;
    return [...text.matchAll(line)].map((found) => {
      const [pass, round, cpuNs, wallNs, minorFaults] = found.slice(1).map(Number);
      return { pass, round, cpuNs, wallNs, minorFaults };
    });
  }

  /** @returns calls by name; null where the system does not let them be counted */
  async systemCalls(): Promise<Record<string, number> | null> {
    const fields = keyValues(await this.#run('syscalls'));
    if (fields.has('unavailable')) return null;
    return Object.fromEntries([...fields].map(([name, count]) => [name, Number(count)]));
  }

  /** Lets the encoded trace go. Idempotent. */
  close(): void {
    this.#file.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #run(...args: [mode: string, ...more: string[]]): Promise<string> {
    const { arena = 'main', threads = false, damage = false } = this.#options;
    const { timeoutSeconds = 120, launcher = [], environment = {}, preload } = this.#options;
    // Timed and counted runs have one thread: what it costs to take turns is not the allocator's.
    const takesTurns = threads && takingTurns.has(args[0]);
    const words: [string, ...string[]] = [
      ...launcher,
      this.#executable,
      ...args,
      ...['--timeout', String(timeoutSeconds)],
      ...(takesTurns ? ['--threads'] : ['--arena', arena]),
      ...(damage ? ['--damage'] : []),
    ] as [string, ...string[]];
    const preloaded = preload === undefined ? {} : { LD_PRELOAD: preload };
    const input = this.#file.descriptor;
    return runChild({ command: words, input, environment: { ...preloaded, ...environment } });
  }
}

function keyValues(text: string): Map<string, string> {
  return new Map([...text.matchAll(/^(\S+) (.+)$/gm)].map(([, key, value]) => [key, value]));
}
