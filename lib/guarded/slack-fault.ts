/** A write into the slack around a block, or into a freed one, found afterwards: a hit without a signal. */
import { isMainThread, threadId } from 'node:worker_threads';
import type { FaultBlock, FaultKind, MemoryFault } from '../core/index.ts';
import type { GuardedBlocks, SlackDamage } from './blocks.ts';
import {
  BLOCK_START,
  LIVE,
  NUMBER,
  SIZE_BYTES,
  SLOT_STATE,
  USABLE_BYTES,
  USABLE_START,
} from './slot-table.ts';

/** Name of this thread in reports. */
export const threadName: string = isMainThread ? 'main' : `worker ${threadId}`;

/** The hit that a damaged byte tells of. */
export function slackFault(blocks: GuardedBlocks, slot: number, damage: SlackDamage): MemoryFault {
  const { pages, settings } = blocks;
  const { distanceBytes } = damage;
  return {
    sequence: 0,
    kind: kindOf(distanceBytes),
    policy: settings.policy,
    address: pages.address + BigInt(damage.offset),
    access: 'write',
    range: pages.name,
    rangeId: pages.id,
    offsetBytes: damage.offset,
    block: describeBlock(blocks, slot),
    distanceBytes,
    signal: null,
    signalCode: 0,
    pc: 0n,
    code: 'unknown',
    thread: threadName,
    threadId: isMainThread ? process.pid : 0,
    timeMs: Date.now(),
    jsStack: blocks.sites.format(blocks.sites.catch()),
  };
}

function kindOf(distanceBytes: number | null): FaultKind {
  if (distanceBytes === null) return 'use-after-free';
  return distanceBytes >= 0 ? 'heap-buffer-overflow' : 'heap-buffer-underflow';
}

/** The block of an open slot as reports show it. */
function describeBlock(blocks: GuardedBlocks, slot: number): FaultBlock {
  const { table } = blocks;
  const pointer = table.get(slot, BLOCK_START);
  const sizeBytes = table.get(slot, SIZE_BYTES);
  const isLive = table.get(slot, SLOT_STATE) === LIVE;
  const now = Date.now();
  const { allocMs, freeMs } = blocks.pages.blocks.times(slot);
  return {
    pointer,
    sizeBytes,
    state: isLive ? 'live' : 'freed',
    number: table.get(slot, NUMBER),
    slackBytes: table.get(slot, USABLE_START) + table.get(slot, USABLE_BYTES) - pointer - sizeBytes,
    allocatedAt: blocks.allocatedAt(slot),
    freedAt: isLive ? null : blocks.freedAt(slot),
    allocatedBy: threadName,
    freedBy: isLive ? null : threadName,
    allocatedMsBefore: now - allocMs,
    freedMsBefore: isLive ? null : now - freeMs,
  };
}
