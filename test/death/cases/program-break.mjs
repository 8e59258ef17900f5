// The real program break, one scenario per process: `node program-break.mjs NAME`. Prints one JSON line.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { memoryMap, pageSize, programBreak } from '../../../dist/index.js';

const page = pageSize();
const bigPage = BigInt(page);

function refusal(attempt) {
  try {
    attempt();
  } catch ({ name, code, syscall, length, message }) {
    return { name, code, syscall, length, message };
  }
  return null;
}

function mapped(address) {
  return memoryMap().find(({ start, end }) => start <= address && address < end);
}

const scenarios = {
  moves() {
    const before = programBreak.current();
    assert.equal(programBreak.sbrk(0), before);
    assert.equal(programBreak.sbrk(2 * page), before);
    const first = programBreak.lastRange();
    assert.deepEqual(
      [first.address, first.byteLength, first.end],
      [before, 2 * page, programBreak.current()],
    );
    const bytes = new Uint8Array(first.buffer);
    assert.ok(bytes.every((byte) => byte === 0));
    bytes.fill(5);
    assert.equal(mapped(before + bigPage).name, 'program break');

    programBreak.brk(before + 3n * bigPage);
    assert.equal(programBreak.current(), before + 3n * bigPage);
    assert.equal(programBreak.ranges().length, 2);
    const second = new Uint8Array(programBreak.lastRange().buffer).fill(6);

    // Into the first range: the second goes, the first is cut.
    assert.equal(programBreak.sbrk(BigInt(-2 * page)), before + 3n * bigPage);
    assert.deepEqual([second.length, bytes.length, first.byteLength], [0, 0, page]);
    assert.equal(new Uint8Array(first.buffer)[page - 1], 5);
    programBreak.brk(before);
    assert.deepEqual([programBreak.current(), programBreak.lastRange(), first.byteLength], [before, null, 0]);
    assert.equal(first.buffer.byteLength, 0);

    // What was grown before and given back inside a page reads as zero when grown again.
    programBreak.sbrk(100);
    new Uint8Array(programBreak.lastRange().buffer).fill(9);
    programBreak.sbrk(-100);
    programBreak.sbrk(100);
    assert.ok(new Uint8Array(programBreak.lastRange().buffer).every((byte) => byte === 0));
    return {};
  },

  refusals() {
    const before = programBreak.current();
    programBreak.sbrk(page);
    const result = {
      belowOurs: refusal(() => programBreak.sbrk(-2 * page)),
      belowOursByAddress: refusal(() => programBreak.brk(before - 1n)),
      tooMuch: refusal(() => programBreak.sbrk(2 ** 50)),
      fraction: refusal(() => programBreak.sbrk(0.5)),
      text: refusal(() => programBreak.sbrk('8')),
      numberAddress: refusal(() => programBreak.brk(5)),
    };
    // Nothing was done.
    assert.equal(programBreak.current(), before + bigPage);
    assert.equal(programBreak.lastRange().byteLength, page);
    return result;
  },

  mallocMovesOn() {
    const before = programBreak.sbrk(4 * page);
    const bytes = new Uint8Array(programBreak.lastRange().buffer).fill(0x5a);
    // Native allocations until malloc itself has moved the break above our range.
    const blocks = [];
    while (programBreak.current() === before + 4n * bigPage && blocks.length < 100_000) {
      blocks.push(Buffer.allocUnsafeSlow(5000).fill(1));
    }
    const movedBy = Number(programBreak.current() - (before + 4n * bigPage));
    const shrink = refusal(() => programBreak.sbrk(-page));
    return { movedBy, shrink, intact: bytes.every((byte) => byte === 0x5a), blocks: blocks.length };
  },

  transferred() {
    programBreak.sbrk(page);
    const moved = new Uint8Array(programBreak.lastRange().buffer.transfer()).fill(3);
    const shrink = refusal(() => programBreak.sbrk(-page));
    return { shrink, moved: moved[page - 1] };
  },

  async worker() {
    const worker = new Worker(new URL(import.meta.url));
    const [result] = await once(worker, 'message');
    await worker.terminate();
    return result;
  },
};

if (isMainThread) {
  console.log(JSON.stringify(await scenarios[process.argv[2]]()));
} else {
  const current = typeof programBreak.current();
  parentPort.postMessage({ current, grow: refusal(() => programBreak.sbrk(page)) });
}
