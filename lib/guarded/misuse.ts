/** Which pointers free takes, and what it says about the others; nothing is believed that stands in user memory. */
import {
  type FreeExplanation,
  type FreeStep,
  HeapError,
  type HeapErrorCode,
  hex,
  type Pointer,
} from '../core/index.ts';
import type { GuardedBlocks } from './blocks.ts';
import type { FaultLog } from './fault-log.ts';
import { BLOCK_START, EMPTY, LIVE, NUMBER, RACK, SIZE_BYTES, SLOT_STATE } from './slot-table.ts';

/** Misuse of a pointer, with what is known of the block it is about. */
export class GuardedHeapError extends HeapError {
  /** Lines of the stack that allocated the block; null when no block is near or none was kept. */
  readonly allocatedAt: string | null;
  /** Lines of the stack that freed it. */
  readonly freedAt: string | null;

  constructor(code: HeapErrorCode, message: string, pointer: number, rule: string, sites: Sites) {
    super(code, message, { pointer, rule, actual: hex(pointer) });
    this.allocatedAt = sites.allocatedAt;
    this.freedAt = sites.freedAt;
  }
}

interface Sites {
  allocatedAt: string | null;
  freedAt: string | null;
}

/** Why a pointer is no live block. */
interface Refusal {
  code: HeapErrorCode;
  message: string;
  rule: string;
  /** The block concerned; -1: none. */
  slot: number;
}

/**
 * Finds the slot of a live block.
 * @param pointer a safe integer
 * @param call for the message, for example `free()`
 * @returns its slot
 * @throws GuardedHeapError ERR_HEAP_DOUBLE_FREE, ERR_HEAP_INVALID_POINTER
 */
export function requireLive(blocks: GuardedBlocks, pointer: Pointer, call: string): number {
  const { table } = blocks;
  const slot = table.slotAt(pointer);
  if (slot >= 0 && table.get(slot, BLOCK_START) === pointer && table.get(slot, SLOT_STATE) === LIVE)
    return slot;
  const refusal = judge(blocks, pointer, slot, call);
  const sites =
    refusal.slot < 0
      ? { allocatedAt: null, freedAt: null }
      : { allocatedAt: blocks.allocatedAt(refusal.slot), freedAt: blocks.freedAt(refusal.slot) };
  throw new GuardedHeapError(refusal.code, refusal.message, pointer, refusal.rule, sites);
}

function judge(blocks: GuardedBlocks, pointer: number, slot: number, call: string): Refusal {
  const { table } = blocks;
  const state = slot < 0 ? EMPTY : table.get(slot, SLOT_STATE);
  if (state === EMPTY) {
    const message = `${call}: invalid pointer: ${hex(pointer)} is no block of this heap`;
    return { code: 'ERR_HEAP_INVALID_POINTER', message, rule: 'a pointer was given by this heap', slot: -1 };
  }
  const block = `${table.get(slot, SIZE_BYTES)}-byte allocation #${table.get(slot, NUMBER)}`;
  const distance = pointer - table.get(slot, BLOCK_START);
  if (distance === 0 && call === 'free()') {
    const message = `${call}: double free: ${hex(pointer)}, ${block}, was freed before`;
    return { code: 'ERR_HEAP_DOUBLE_FREE', message, rule: 'a block is freed once', slot };
  }
  if (distance === 0) {
    const message = `${call}: use after free: ${hex(pointer)}, ${block}, was freed before`;
    return { code: 'ERR_HEAP_INVALID_POINTER', message, rule: 'a block is used before it is freed', slot };
  }
  const where =
    distance < 0
      ? `${-distance} bytes before`
      : distance < table.get(slot, SIZE_BYTES)
        ? `${distance} bytes into`
        : `${distance - table.get(slot, SIZE_BYTES)} bytes past the end of`;
  const freed = state === LIVE ? '' : 'freed ';
  const message = `${call}: invalid pointer: ${hex(pointer)} lies ${where} ${freed}${block}`;
  return { code: 'ERR_HEAP_INVALID_POINTER', message, rule: 'a pointer is the start of a block', slot };
}

/** What `free(pointer)` would do, without doing it. */
export function explainFree(blocks: GuardedBlocks, log: FaultLog, pointer: Pointer): FreeExplanation {
  const { table } = blocks;
  const slot = table.slotAt(pointer);
  const steps: FreeStep[] = [];
  const state = slot < 0 ? EMPTY : table.get(slot, SLOT_STATE);
  const start = slot < 0 ? 0 : table.get(slot, BLOCK_START);
  const look = (step: string, ok: boolean, detail: string): boolean => {
    steps.push({ step, ok, detail });
    return ok;
  };
  const isLive =
    look('the pointer lies in a slot of this heap', state !== EMPTY, hex(pointer)) &&
    look('it is the start of a block', start === pointer, `block ${hex(start)}, pointer ${hex(pointer)}`) &&
    look('the block is live', state === LIVE, state === LIVE ? 'live' : 'freed');
  if (!isLive) {
    return { pointer, ok: false, steps, message: judge(blocks, pointer, slot, 'free()').message };
  }
  const error = log.inspect(slot);
  const isRecorded = blocks.settings.policy === 'record' || blocks.settings.policy === 'trace';
  const detail = error?.message ?? 'all 0xfd';
  if (!look('nobody wrote into the slack around it', error === null || isRecorded, detail)) {
    return { pointer, ok: false, steps, message: detail };
  }
  const isRacked = table.get(slot, RACK) !== 0;
  const step = isRacked
    ? 'its slot cools until its rack is shut'
    : 'its pages are closed, its slot waits in quarantine';
  look(step, true, hex(start));
  return { pointer, ok: true, steps };
}
