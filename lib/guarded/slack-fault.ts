/** A write into the slack around a block, found afterwards: a hit without a signal. */
import { isMainThread, threadId } from 'node:worker_threads';
import type { FaultBlock, MemoryFault } from '../core/index.ts';
import type { GuardedBlocks, SlackDamage } from './blocks.ts';
import { BLOCK_START, NUMBER, SIZE_BYTES, USABLE_BYTES, USABLE_START } from './slot-table.ts';

/** Name of this thread in reports. */
export const threadName: string = isMainThread ? 'main' : `worker ${threadId}`;

/** The hit that a damaged byte tells of. */
export function slackFault(blocks: GuardedBlocks, slot: number, damage: SlackDamage): MemoryFault {
  const { pages, settings } = blocks;
  const isBehind = damage.distanceBytes >= 0;
  return {
    sequence: 0,
    kind: isBehind ? 'heap-buffer-overflow' : 'heap-buffer-underflow',
    policy: settings.policy,
    address: pages.address + BigInt(damage.offset),
    access: 'write',
    range: pages.name,
    rangeId: pages.id,
    offsetBytes: damage.offset,
    block: describeBlock(blocks, slot),
    distanceBytes: damage.distanceBytes,
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

/** The live block of a slot as reports show it. */
function describeBlock(blocks: GuardedBlocks, slot: number): FaultBlock {
  const { table } = blocks;
  const pointer = table.get(slot, BLOCK_START);
  const sizeBytes = table.get(slot, SIZE_BYTES);
  return {
    pointer,
    sizeBytes,
    state: 'live',
    number: table.get(slot, NUMBER),
    slackBytes: table.get(slot, USABLE_START) + table.get(slot, USABLE_BYTES) - pointer - sizeBytes,
    allocatedAt: blocks.allocatedAt(slot),
    freedAt: null,
    allocatedBy: threadName,
    freedBy: null,
    allocatedMsBefore: Date.now() - table.allocMs[slot],
    freedMsBefore: null,
  };
}
