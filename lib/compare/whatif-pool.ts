/**
 * Trials on worker threads, one for each core: a worker gets the trace once, in shared memory, then one setting after
 * the other. This file is also what such a worker runs.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type { Tunables } from '../heap/index.ts';
import type { Trace } from '../trace/index.ts';
import { type Outcome, runTrial, type TrialOptions, timeTrial } from './whatif-trial.ts';

const here = fileURLToPath(import.meta.url);

/** What a worker begins with. */
interface WorkerStart {
  chunkyardTrials: true;
  trace: Trace;
  options: TrialOptions;
}

interface Question {
  tunables: Tunables;
  /** How often to time it; 0: look, and do not time. */
  timings: number;
}

type Answer = { outcome: Outcome } | { ns: number } | { message: string };

/** A worker failed at a setting, or could not be started. */
function failure(message: string): Error {
  return new Error(`a trial failed: ${message}`);
}

/** Runs settings on workers; close it when done. */
export class TrialPool {
  readonly #workers: Worker[] = [];
  readonly #trace: Trace;
  readonly #options: TrialOptions;

  /**
   * @param trace what every trial runs
   * @param options what is the same in all
   * @param workers threads to use, 1 or more
   */
  constructor(trace: Trace, options: TrialOptions, workers: number = availableParallelism()) {
    this.#trace = trace;
    this.#options = options;
    // Node 20 cannot load the source in a worker: then the trials run here.
    if (here.endsWith('.ts')) return;
    const start: WorkerStart = { chunkyardTrials: true, trace: shareTrace(trace), options };
    for (let k = 0; k < workers; k++) {
      this.#workers.push(new Worker(here, { workerData: start, env: process.env, stdout: false }));
    }
  }

  /**
   * Tries settings.
   * @param settings in any number
   * @param onDone told after each
   * @returns their outcomes, in the same order
   * @throws Error when a trial fails
   */
  async run(settings: readonly Tunables[], onDone: () => void = () => {}): Promise<Outcome[]> {
    const outcomes: Outcome[] = new Array(settings.length);
    let next = 0;
    const takeAll = async (worker: Worker | null): Promise<void> => {
      while (next < settings.length) {
        const mine = next++;
        const answer = await this.#ask(worker, { tunables: settings[mine], timings: 0 });
        if ('outcome' in answer) outcomes[mine] = answer.outcome;
        onDone();
      }
    };
    await Promise.all((this.#workers.length === 0 ? [null] : this.#workers).map(takeAll));
    return outcomes;
  }

  /**
   * Times settings, turn by turn, while nothing else runs here.
   * @param settings in any number
   * @param turns how often each; of its runs the least counts
   * @returns nanoseconds per operation, in the same order
   */
  async time(settings: readonly Tunables[], turns: number): Promise<number[]> {
    const least = new Array<number>(settings.length).fill(Number.POSITIVE_INFINITY);
    const [worker = null] = this.#workers;
    for (let turn = 0; turn < turns; turn++) {
      for (const [k, tunables] of settings.entries()) {
        const answer = await this.#ask(worker, { tunables, timings: 2 });
        if ('ns' in answer) least[k] = Math.min(least[k], answer.ns);
      }
    }
    return least;
  }

  async #ask(worker: Worker | null, question: Question): Promise<Answer> {
    if (worker === null) return answerTo(question, this.#trace, this.#options);
    const answer = await askWorker(worker, question);
    if ('message' in answer) throw failure(answer.message);
    return answer;
  }

  /** Ends the workers. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.splice(0).map((worker) => worker.terminate()));
  }
}

function askWorker(worker: Worker, question: Question): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      act();
    };
    const onMessage = (answer: Answer): void => settle(() => resolve(answer));
    const onError = (error: Error): void => settle(() => reject(failure(error.message)));
    const onExit = (code: number): void => settle(() => reject(failure(`the worker ended with ${code}`)));
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.postMessage(question);
  });
}

function answerTo({ tunables, timings }: Question, trace: Trace, options: TrialOptions): Answer {
  if (timings === 0) return { outcome: runTrial(trace, tunables, options) };
  const runs = Array.from({ length: timings }, () => timeTrial(trace, tunables, options));
  return { ns: Math.min(...runs) };
}

/** @returns the trace with its large arrays in memory that workers share instead of copying */
function shareTrace(trace: Trace): Trace {
  return {
    ...trace,
    opcodes: share(trace.opcodes, Uint8Array),
    ids: share(trace.ids, Int32Array),
    sizes: share(trace.sizes, Float64Array),
    extras: share(trace.extras, Float64Array),
  };
}

type NumberArray = Uint8Array | Int32Array | Float64Array;

function share<T extends NumberArray>(array: T, make: new (buffer: SharedArrayBuffer) => T): T {
  const copy = new make(new SharedArrayBuffer(array.byteLength));
  copy.set(array);
  return copy;
}

if (!isMainThread && (workerData as Partial<WorkerStart> | null)?.chunkyardTrials === true) {
  const { trace, options } = workerData as WorkerStart;
  parentPort?.on('message', (question: Question) => {
    try {
      parentPort?.postMessage(answerTo(question, trace, options));
    } catch (error) {
      parentPort?.postMessage({ message: error instanceof Error ? error.message : String(error) });
    }
  });
}
