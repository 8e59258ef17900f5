// An arena at the real program break: grows, is used, shrinks, is grown over, is given back. Prints one JSON line.
import assert from 'node:assert/strict';
import { breakSource, memoryMap, programBreak } from '../../../dist/index.js';

const before = programBreak.current();
const source = breakSource({ limitBytes: 2 ** 20, commitStepBytes: 4096 });
const page = source.pageSizeBytes;
assert.equal(source.kind, 'brk');
assert.ok(source.baseAddress >= before && source.baseAddress - before < BigInt(page));
assert.equal(source.committedBytes, 0);

assert.ok(source.grow(2 * page));
assert.equal(programBreak.current(), source.baseAddress + BigInt(2 * page));
const early = new Uint8Array(source.buffer, 0, 2 * page);
early.fill(0x11);
assert.ok(source.grow(2 * page));
const all = new Uint8Array(source.buffer, 0, 4 * page);
assert.equal(all[2 * page - 1], 0x11);
assert.equal(all[2 * page], 0);
all.fill(0x22, 2 * page);
assert.equal(early[0], 0x11, 'views on earlier buffers stay valid');
const heap = memoryMap().find((range) => range.kind === 'heap' && range.end === programBreak.current());
assert.ok(heap, 'the pages belong to [heap]');

assert.ok(source.shrink(3 * page));
assert.equal(programBreak.current(), source.baseAddress + BigInt(page));
assert.equal(early.length, 0, 'what was unmapped is empty, not dangling');
assert.ok(source.grow(page));
const again = new Uint8Array(source.buffer, 0, 2 * page);
assert.equal(again[0], 0x11);
assert.ok(again.subarray(page).every((byte) => byte === 0));

assert.equal(source.grow(2 ** 20), false, 'above the limit');
// Somebody else moves the break: this arena can neither grow nor shrink until it is moved back.
programBreak.sbrk(page);
assert.equal(source.grow(page), false);
assert.equal(source.shrink(page), false);
assert.equal(source.committedBytes, 2 * page);
programBreak.sbrk(-page);
assert.ok(source.shrink(2 * page));
assert.ok(new Uint8Array(source.buffer).every((byte) => byte === 0));
source.release();
source.release();
assert.equal(source.grow(page), false);
console.log(JSON.stringify({ back: programBreak.current() === before, calls: source.systemCalls.sbrk }));
