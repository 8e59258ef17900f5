/** Taking a chunk out of the middle of a bin, with glibc's three tests. */
import { ArenaState } from './state.ts';

/** unlink. @internal */
export abstract class Unlinking extends ArenaState {
  /**
   * Takes a free chunk out of its list, and out of the ring of sizes.
   * @param p offset of the chunk
   */
  unlink(p: number): void {
    const w = this.w;
    const hi = this.hi;
    const i = p >>> 2;
    const raw = w[i + 2];
    const j = i + ((raw >>> 3) << 1);
    const fd = w[i + 4];
    const bk = w[i + 6];
    const f = fd >>> 2;
    const k = bk >>> 2;
    const wrongSize = (w[j] ^ (raw & ~7)) | w[j + 1] | w[i + 3];
    const wrongBack = (w[f + 6] ^ p) | (w[f + 7] ^ hi) | (w[i + 5] ^ hi);
    const wrongForward = (w[k + 4] ^ p) | (w[k + 5] ^ hi) | (w[i + 7] ^ hi);
    if ((wrongSize | wrongBack | wrongForward | ((fd | bk) & 3)) !== 0) this.examineUnlink(p);
    // The high halves were just found to be right.
    w[f + 6] = bk;
    w[k + 4] = fd;
    if (raw >= 1024) this.unlinkSize(p, fd);
  }

  /** Takes a large chunk out of the ring of sizes, if it stands there; `fd` is its list neighbour. */
  unlinkSize(p: number, fd: number): void {
    const w = this.w;
    const hi = this.hi;
    const i = p >>> 2;
    const next = w[i + 8];
    const nextHi = w[i + 9];
    if ((next | nextHi) === 0) return;
    const back = w[i + 10];
    const n = next >>> 2;
    const k = back >>> 2;
    const wrongBack = (w[n + 10] ^ p) | (w[n + 11] ^ hi) | (nextHi ^ hi);
    const wrongNext = (w[k + 8] ^ p) | (w[k + 9] ^ hi) | (w[i + 11] ^ hi);
    if ((wrongBack | wrongNext | ((next | back) & 3)) !== 0) this.examineUnlinkSize(p);
    const f = fd >>> 2;
    if ((w[f + 8] | w[f + 9]) === 0) {
      // The neighbour has the same size: it takes the place in the ring, or stands there alone.
      if (next === p) {
        w[f + 8] = fd;
        w[f + 9] = hi;
        w[f + 10] = fd;
        w[f + 11] = hi;
        return;
      }
      w[f + 8] = next;
      w[f + 9] = hi;
      w[f + 10] = back;
      w[f + 11] = hi;
      w[n + 10] = fd;
      w[k + 8] = fd;
      return;
    }
    w[n + 10] = back;
    w[k + 8] = next;
  }

  /** The exact tests of unlink; returns only when all of them pass. */
  examineUnlink(p: number): void {
    const chunk = this.real(p);
    if (this.profile.unlinkTestsSize) {
      const size = this.peek(chunk + 8n) & ~7n;
      const footer = this.peek(chunk + size);
      if (footer !== size) this.abort('corrupted size vs. prev_size', p, size, footer);
    }
    const fd = this.peek(chunk + 16n);
    const bk = this.peek(chunk + 24n);
    const fdBack = this.peek(fd + 24n);
    if (fdBack !== chunk) this.abort('corrupted double-linked list', p, chunk, fdBack);
    const bkForward = this.peek(bk + 16n);
    if (bkForward !== chunk) this.abort('corrupted double-linked list', p, chunk, bkForward);
    this.requireAligned(fd, bk);
  }

  /** The exact test of the ring of sizes. */
  examineUnlinkSize(p: number): void {
    const chunk = this.real(p);
    const next = this.peek(chunk + 32n);
    const back = this.peek(chunk + 40n);
    const message = 'corrupted double-linked list (not small)';
    const nextBack = this.peek(next + 40n);
    if (nextBack !== chunk) this.abort(message, p, chunk, nextBack);
    const backNext = this.peek(back + 32n);
    if (backNext !== chunk) this.abort(message, p, chunk, backNext);
    this.requireAligned(next, back);
  }

  /** Links that are no multiple of 4 yet pass every test are beyond this engine: it says so and stops. */
  requireAligned(...links: bigint[]): void {
    for (const link of links) {
      if ((link & 3n) !== 0n) this.abort('unaligned chunk in a list (not simulated)', this.offsetOf(link));
    }
  }
}
