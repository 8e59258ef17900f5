/**
 * What lesson 8 and its child process agree on: where everything lies in the arena, and what the child says. The arena
 * is a shared file, so what was written in it outlives the process.
 *
 *   none, canary, table-check    | voice | buffer (canary) | visitor |                       side by side
 *   guard-page                   | voice | ...... buffer |#### no access ####| visitor |
 *   read-only                    | voice | ............. buffer |= visitor, read-only =|
 */

/** What stands between the overflow and the call. */
export const defences = ['none', 'guard-page', 'canary', 'read-only', 'table-check'] as const;
export type Defence = (typeof defences)[number];

/** Bytes of the buffer that a name is copied into. */
export const bufferBytes = 32;
/** Bytes of a visitor and of its voice, as native/function_table.cc has them. */
export const visitorBytes = 16;
export const voiceBytes = 32;

/** Where things lie: addresses as 0x strings, offsets in the file. */
export interface VisitorPlan {
  base: string;
  voice: number;
  buffer: number;
  visitor: number;
  /** Offset of the canary, of the page without access or of the read-only one; null where there is none. */
  defenceAt: number | null;
  functions: Record<'welcome' | 'nod' | 'openVault', string>;
}

/** What the child says, each as a line of JSON, at once. */
export type ChildLine =
  | { plan: VisitorPlan }
  | { say: string }
  /** The first byte that could not be written, as an accessor found it that outlives faults. */
  | { fault: string }
  | { called: number }
  | { stopped: string };

/**
 * What somebody sends who wants another function called: letters up to the pointer, then the address of that function.
 * A string has no zero bytes inside: each one of the address is the end of a further, shorter string, longest first.
 * @param distance bytes from the start of the buffer to the pointer
 * @param address of the function; above its last byte that is not zero the pointer must hold zeros already
 * @returns strings without their zero at the end, to be copied one after the other
 */
export function longNames(distance: number, address: bigint): Buffer[] {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(address);
  const used = bytes.subarray(0, bytes.findLastIndex((byte) => byte !== 0) + 1);
  const filler = Buffer.alloc(distance, 'A');
  const upTo = (count: number): Buffer =>
    Buffer.concat([filler, used.subarray(0, count).map((byte) => byte || 0x41)]);
  const zeros = [...used.keys()].filter((k) => used[k] === 0).reverse();
  return [upTo(used.length), ...zeros.map(upTo)];
}
