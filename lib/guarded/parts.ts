/** What a guarded heap is made of, put together from its options. */
import { type Allocator, ArgumentError } from '../core/index.ts';
import { GuardedPages } from '../pages/index.ts';
import { GuardedBlocks } from './blocks.ts';
import { checkAtExit } from './exit-check.ts';
import { completeFault, FaultLog } from './fault-log.ts';
import { innerWindow } from './inner-window.ts';
import {
  type GuardedHeapOptions,
  type GuardedSettings,
  type InnerHeap,
  innerBytes,
  readOptions,
} from './options.ts';
import { Sampler } from './sampler.ts';

/** The parts. */
export interface GuardedParts {
  settings: GuardedSettings;
  blocks: GuardedBlocks;
  log: FaultLog;
  sampler: Sampler;
  /** The plain heap; null where every block is guarded. */
  inner: Allocator | null;
  /** Takes the heap out of what is looked at when the process ends. */
  leaveExit: () => void;
}

/**
 * Reserves the window and puts the parts on it.
 * @throws ArgumentError; PosixError when the system refuses, and nothing is left behind
 */
export function openParts(options: GuardedHeapOptions, makeInner: InnerHeap | undefined): GuardedParts {
  const settings = readOptions(options);
  const { name, policy, maxSlots, windowBytes, method, sampleRate, sampleShare, sampleBytes } = settings;
  if (settings.isSampled && makeInner === undefined) {
    throw new ArgumentError('ERR_INVALID_ARG_VALUE', 'inner', 'a plain heap beside a sampled one', undefined);
  }
  let blocks: GuardedBlocks | undefined;
  const pages = GuardedPages.create({
    lengthBytes: windowBytes,
    name,
    policy,
    maxBlocks: maxSlots,
    complete: (fault) => (blocks === undefined ? fault : completeFault(blocks, fault)),
    ...(method === undefined ? {} : { method }),
  });
  try {
    blocks = new GuardedBlocks(settings, pages);
    const inner = settings.isSampled
      ? makeInner!(innerWindow(pages, innerBytes), settings.innerLimitBytes)
      : null;
    const sampler = new Sampler(sampleRate, sampleShare, sampleBytes, blocks.random);
    const log = new FaultLog(blocks);
    const leaveExit = settings.checkAtExit ? checkAtExit(log) : () => {};
    return { settings, blocks, log, sampler, inner, leaveExit };
  } catch (error) {
    pages.release();
    throw error;
  }
}
