/** How a guarded heap is put together from its options. */
import { ArgumentError, SAMPLED_START } from '../core/index.ts';
import { GuardedPages } from '../pages/index.ts';
import { GuardedBlocks } from './blocks.ts';
import { checkAtExit } from './exit-check.ts';
import { completeFault, FaultLog } from './fault-log.ts';
import type { GuardedHeap } from './guarded-heap.ts';
import { Guests } from './guests.ts';
import { innerWindow } from './inner-window.ts';
import { type GuardedHeapOptions, type GuardedSettings, type InnerHeap, readOptions } from './options.ts';
import { guardedSampled } from './sampled-heap.ts';
import { Sampler } from './sampler.ts';
import { SlotHeap } from './slot-heap.ts';

/**
 * Reserves the window and puts the parts on it.
 * @throws ArgumentError; PosixError when the system refuses, and nothing is left behind
 */
export function openHeap(options: GuardedHeapOptions, makeInner: InnerHeap | undefined): GuardedHeap {
  const settings = readOptions(options);
  const { name, policy, maxSlots, windowBytes, method } = settings;
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
    return putTogether(settings, blocks, makeInner);
  } catch (error) {
    pages.release();
    throw error;
  }
}

function putTogether(
  settings: GuardedSettings,
  blocks: GuardedBlocks,
  makeInner: InnerHeap | undefined,
): GuardedHeap {
  const log = new FaultLog(blocks);
  if (blocks.racks !== null) blocks.racks.onDamage = (slot) => log.reportFreed(slot);
  let leaveExit = (): void => {};
  const slotHeap = new SlotHeap(blocks, log, () => leaveExit());
  let heap: GuardedHeap = slotHeap;
  if (settings.isSampled) {
    const { sampleRate, sampleShare, innerLimitBytes } = settings;
    const sampler = new Sampler(sampleRate, sampleShare, blocks.racks !== null, blocks.random);
    const guests = new Guests(slotHeap, blocks, sampler);
    const source = innerWindow(blocks.pages, SAMPLED_START);
    heap = makeInner!(source, innerLimitBytes, { blocks: guests, extend: guardedSampled }) as GuardedHeap;
  }
  if (settings.checkAtExit) leaveExit = checkAtExit(log);
  return heap;
}
