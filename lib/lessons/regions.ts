/** Which words of memory a chunk is, for both allocators, and what their values mean. */
import { CHUNK_FIELD, CHUNK_HEADER_BYTES } from '../chunklist/index.ts';
import { type Allocator, formatBytes, hex, type Pointer } from '../core/index.ts';
import type { Field, Notes, Region } from './notes.ts';

/** What addresses are called. */
export class Names {
  readonly #names = new Map<bigint, string>([[0n, 'none']]);

  set(address: bigint, name: string): void {
    this.#names.set(address, name);
  }

  /** The name of an address; empty for a stranger. */
  readonly of = (address: bigint): string => this.#names.get(address) ?? '';
}

/** @returns eight bytes as characters, a dot for what is none */
export function asText(value: bigint): string {
  const bytes = [...Array(8).keys()].map((k) => Number((value >> BigInt(8 * k)) & 0xffn));
  const text = bytes.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'));
  return `"${text.join('')}"`;
}

/** @returns eight characters as a word */
export function asWord(text: string): bigint {
  return Buffer.from(text.padEnd(8, '\0').slice(0, 8), 'latin1').readBigUInt64LE();
}

/** Words of a block, as text. */
export function textFields(bytes: number, from = 0): Field[] {
  return [...Array(Math.ceil(bytes / 8)).keys()].map((k) => ({
    offset: from + 8 * k,
    name: `byte ${hex(8 * k)}`,
    means: asText,
  }));
}

/** A block's own bytes. */
export function blockText(heap: Allocator, name: string, pointer: Pointer, bytes: number): Region {
  return { title: `block ${name}`, address: heap.address(pointer), fields: textFields(bytes) };
}

/** Sizes above are none: an overflow wrote them. */
const largestSize = 2n ** 32n;

function listSize(value: bigint): string {
  if (value === 0n || value >= largestSize) return asText(value);
  return `${formatBytes(Number(value & ~0xfn))}, ${(value & 1n) === 1n ? 'in use' : 'free'}`;
}

/** The header of a chunk of the lecture's list, with the first bytes of its block if asked for. */
export function listChunk(
  heap: Allocator,
  name: string,
  pointer: Pointer,
  names: Names,
  payloadBytes = 0,
): Region {
  const means: Record<string, (value: bigint) => string> = {
    size: listSize,
    fwd: names.of,
    bck: names.of,
    request: (value) => (value === 0n ? '' : value < largestSize ? `${value} asked for` : asText(value)),
  };
  const fields = Object.entries(CHUNK_FIELD).map(([field, offset]) => ({
    ...{ offset, name: field },
    ...(means[field] ? { means: means[field] } : {}),
  }));
  const address = heap.address(pointer) - BigInt(CHUNK_HEADER_BYTES);
  return {
    title: `chunk ${name}`,
    address,
    fields: [...fields, ...textFields(payloadBytes, CHUNK_HEADER_BYTES)],
  };
}

function glibcSize(value: bigint): string {
  if (value === 0n || value >= largestSize) return asText(value);
  return `${formatBytes(Number(value & ~7n))}, before it ${(value & 1n) === 1n ? 'in use' : 'free'}`;
}

/** A chunk of the C library's heap; `links` names the two words behind the header, as they are now or will be. */
export function glibcChunk(
  heap: Allocator,
  name: string,
  pointer: Pointer,
  names: Names,
  links: readonly [string, string] | null = ['fd', 'bk'],
): Region {
  const fields: Field[] = [
    { offset: 0, name: 'prev_size' },
    { offset: 8, name: 'size', means: glibcSize },
  ];
  links?.forEach((link, k) => {
    fields.push({ offset: 16 + 8 * k, name: link, means: names.of });
  });
  return { title: `chunk ${name}`, address: heap.address(pointer) - 16n, fields };
}

/**
 * Allocates a block, writes the call down, names its chunk.
 * @param fill the byte it is filled with; left as it is when null
 */
export function allocate(
  heap: Allocator,
  notes: Notes,
  name: string,
  sizeBytes: number,
  names?: Names,
  fill: string | null = name,
): Pointer {
  const pointer = notes.call(
    `${name} = malloc(${sizeBytes})`,
    () => heap.malloc(sizeBytes),
    (given) => (given === null ? 'NULL' : heap.address(given)),
  );
  if (pointer === null) throw new Error(`malloc(${sizeBytes}) found no memory`);
  if (fill !== null) heap.view(pointer).fill(fill.charCodeAt(0));
  const headerBytes = heap.name === 'chunklist' ? CHUNK_HEADER_BYTES : 16;
  names?.set(heap.address(pointer) - BigInt(headerBytes), name);
  return pointer;
}
