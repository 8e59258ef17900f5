/**
 * The process in which lesson 8 happens. Entry: `node visitor-child.js FILE DEFENCE NAME`, NAME being `short` or
 * `long`. Lays a buffer and a visitor into an arena, copies a name into the buffer with the C library's strcpy, and
 * calls the visitor's function. FILE.before keeps the arena as it was before the copy.
 */
import { writeFileSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ARENA_HEADER_BYTES, CHUNK_HEADER_BYTES, ChunkList } from '../chunklist/index.ts';
import { hex, MemoryFaultError, type Pointer } from '../core/index.ts';
import { type Mapping, mappingSource, mmap } from '../pages/index.ts';
import { native, strcpy } from '../posix/index.ts';
import {
  bufferBytes,
  type ChildLine,
  type Defence,
  longNames,
  type VisitorPlan,
  visitorBytes,
  voiceBytes,
} from './visitor-plan.ts';

/** Path of this program. */
export const visitorChild: string = fileURLToPath(import.meta.url);

const canaryBytes = 8;

if (process.argv[1] === visitorChild)
  receive(process.argv[2], process.argv[3] as Defence, process.argv[4] === 'long');

function tell(line: ChildLine): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

function receive(file: string, defence: Defence, isLong: boolean): void {
  const arena = mmap({ file, protection: 'rw', shared: true, name: 'lesson arena' });
  const input = mmap({ length: arena.byteLength, name: 'what somebody sent' });
  const plan = layOut(arena, defence);
  const address = (offset: number): bigint => arena.address + BigInt(offset);
  native().makeVisitor(address(plan.visitor), address(plan.voice));
  const canary = defence === 'canary' ? plantCanary(arena, plan) : null;
  writeFileSync(`${file}.before`, arena.bytes);
  closePages(arena, defence, plan);
  tell({ plan });
  const names = isLong
    ? longNames(plan.visitor - plan.buffer, BigInt(plan.functions.openVault))
    : [Buffer.from('Ada')];
  if (defence === 'guard-page' || defence === 'read-only') probe(input, names, address(plan.buffer));
  for (const name of names) {
    send(input, name);
    tell({ say: `strcpy(buffer, a name of ${name.length} bytes)` });
    native().bareStrcpy(address(plan.buffer), input.address);
  }
  if (canary !== null && !canary.equals(arena.bytes.subarray(plan.defenceAt!).subarray(0, canaryBytes))) {
    tell({ stopped: 'the canary behind the buffer was overwritten: abort before the call' });
    process.abort();
  }
  greet(address(plan.visitor), defence === 'table-check');
}

/** Calls whatever the visitor's pointer leads to. */
function greet(visitor: bigint, isChecked: boolean): void {
  tell({ say: isChecked ? 'visitor.greet(), if it is in the table' : 'visitor.greet()' });
  const calls = isChecked ? native().greetVisitorChecked(visitor) : native().greetVisitor(visitor);
  if (calls < 0) tell({ stopped: 'the pointer is none of the functions in the table: not called' });
  else tell({ called: calls });
}

/** Blocks of a chunk list, at the places that visitor-plan.ts draws. */
function layOut(arena: Mapping, defence: Defence): VisitorPlan {
  const heap = ChunkList.create({ source: mappingSource(arena, arena.byteLength) });
  const page = arena.pageSizeBytes;
  const block = (bytes: number): Pointer => {
    const pointer = heap.malloc(bytes);
    if (pointer === null) throw new Error('the arena has no room');
    return pointer;
  };
  const voice = block(voiceBytes);
  // The next chunk would begin here.
  const next = ARENA_HEADER_BYTES + CHUNK_HEADER_BYTES + voiceBytes;
  const bufferChunk = CHUNK_HEADER_BYTES + bufferBytes;
  // The buffer ends where the page ends; or a header of the visitor's chunk before that.
  const gap = page - next - CHUNK_HEADER_BYTES - bufferChunk;
  if (defence === 'guard-page') block(gap);
  if (defence === 'read-only') block(gap - CHUNK_HEADER_BYTES);
  const buffer = block(bufferBytes + (defence === 'canary' ? canaryBytes : 0));
  if (defence === 'guard-page') block(page - 2 * CHUNK_HEADER_BYTES);
  const visitor = block(visitorBytes);
  const { welcome, nod, openVault } = native().functionAddresses;
  const defenceAt = {
    none: null,
    'table-check': null,
    canary: buffer + bufferBytes,
    'guard-page': page,
    'read-only': page,
  };
  return {
    base: hex(arena.address),
    ...{ voice, buffer, visitor, defenceAt: defenceAt[defence] },
    functions: { welcome: hex(welcome), nod: hex(nod), openVault: hex(openVault) },
  };
}

/** Takes the right to write, or every right, from the page that is meant to stop the copy. */
function closePages(arena: Mapping, defence: Defence, { defenceAt }: VisitorPlan): void {
  if (defence !== 'guard-page' && defence !== 'read-only') return;
  const range = { offset: defenceAt!, length: arena.pageSizeBytes };
  arena.protect(defence === 'guard-page' ? 'none' : 'r', range);
  tell({
    say: `mprotect(${hex(arena.address + BigInt(range.offset))}, ${defence === 'guard-page' ? 'none' : 'r'})`,
  });
}

/** Random bytes behind the buffer. The first is zero: no string can be copied over it and leave it as it was. */
function plantCanary(arena: Mapping, { defenceAt }: VisitorPlan): Buffer {
  const canary = Buffer.from([
    0,
    ...Array.from({ length: canaryBytes - 1 }, () => 1 + Math.floor(Math.random() * 255)),
  ]);
  canary.copy(arena.bytes, defenceAt!);
  return canary;
}

function send(input: Mapping, name: Buffer): void {
  input.bytes.fill(0);
  name.copy(input.bytes);
}

/** Where the copy will end, found by one that outlives it. */
function probe(input: Mapping, [name]: Buffer[], buffer: bigint): void {
  send(input, name);
  try {
    strcpy(buffer, input.address);
  } catch (error) {
    if (!(error instanceof MemoryFaultError)) throw error;
    tell({ fault: hex(error.address) });
  }
}
