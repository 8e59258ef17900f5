/** What a run is told in: blocks, steps, claims, and the words for them. */
import { hex } from '../core/index.ts';

/** A block, or an address that is used like one. */
export interface Block {
  name: string;
  /** Number in the trace. */
  id: number;
  pointer: number;
  /** Bytes that its owner may use; of an address that is no block, any. */
  bytes: number;
}

/** A step, as it is told. */
export interface Step {
  kind: 'say' | 'call' | 'write' | 'read' | 'proof';
  text: string;
}

/** Where the heap and the main arena's struct begin: what turns a claim about addresses into numbers. */
export interface Places {
  heap: bigint;
  arena: bigint;
}

/** A claim about a word that the trace reads. */
export interface Claim {
  /** Which read of the trace: index of its operation. */
  operation: number;
  what: string;
  holds(value: bigint, places: Places): boolean;
}

/** @returns a number of bytes as a call shows it */
export function size(bytes: number): string {
  return bytes < 10 ? String(bytes) : hex(bytes);
}

/** @returns `name[0x10]` */
export function slot({ name }: Block, offset: number): string {
  return `${name}[${offset < 0 ? '-' : ''}${hex(Math.abs(offset))}]`;
}

/** @returns `address of name + 0x10` */
export function address({ name }: Block, offset: number): string {
  if (offset === 0) return `address of ${name}`;
  return `address of ${name} ${offset < 0 ? '-' : '+'} ${hex(Math.abs(offset))}`;
}
