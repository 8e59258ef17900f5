/** The exact tests of large bins: what is asked when a quick look at the links finds something odd. */
import { Growing } from './growth.ts';

const nextsizeMessage = 'malloc(): largebin double linked list corrupted (nextsize)';

/** Tests of large bins. @internal */
export abstract class LargeChecks extends Growing {
  /** The bin's last chunk before an insertion: readable, of the main arena by its flag. */
  examineLast(head: number): void {
    const first = this.peek(this.real(head) + 16n);
    const last = this.peek(this.real(head) + 24n);
    const raw = this.peek(last + 8n);
    if ((raw & 4n) !== 0n) {
      this.abort(this.profile.assertion('_int_malloc', 'chunk_main_arena (bck->bk)'), this.offsetOf(last));
    }
    this.reach(first + 8n);
    this.requireAligned(first, last);
  }

  /** The old smallest chunk, to which the new one is linked: only 2.42 and later test it. */
  examineSmallest(first: number): void {
    const address = this.real(first);
    const smallest = this.peek(address + 40n);
    if (this.profile.smallestInsertCheck) {
      const next = this.peek(smallest + 32n);
      if (next !== address) this.abort(nextsizeMessage, first, address, next);
    }
    this.reach(smallest + 32n);
    this.requireAligned(smallest);
  }

  /** A chunk met while walking down the ring. */
  examineRing(at: number): void {
    const raw = this.peek(this.real(at) + 8n);
    if ((raw & 4n) !== 0n) {
      this.abort(this.profile.assertion('_int_malloc', 'chunk_main_arena (fwd)'), at);
    }
    this.requireAligned(this.real(at));
  }

  /** The larger neighbour in the ring must point back. */
  examineNextsize(at: number): void {
    const address = this.real(at);
    const larger = this.peek(address + 40n);
    const next = this.peek(larger + 32n);
    if (next !== address) {
      if (this.profile.largeInsertTests) this.abort(nextsizeMessage, at, address, next);
      // The word that is about to become a link may have held anything.
      this.poke(larger + 32n, address);
    }
    this.requireAligned(larger);
  }

  /** The list neighbour before the place of insertion must point forward to it. */
  examineBack(forward: number): void {
    const address = this.real(forward);
    const back = this.peek(address + 24n);
    const next = this.peek(back + 16n);
    if (next !== address) {
      if (this.profile.largeInsertTests) {
        this.abort('malloc(): largebin double linked list corrupted (bk)', forward, address, next);
      }
      // As in the ring: the word may have held anything.
      this.poke(back + 16n, address);
    }
    this.requireAligned(back);
  }

  /** A chunk that is taken out to be cut: unlink's tests, and what the cutting writes to. */
  examineTaken(v: number): void {
    this.examineUnlink(v);
    const chunk = this.real(v);
    this.reach(this.wrap(chunk + (this.peek(chunk + 8n) & ~7n)));
  }

  /** A step up the ring that leads outside the window, or to an odd address. */
  examineRingStep(from: number): void {
    const next = this.peek(this.real(from) + 40n);
    this.reach(next + 8n);
    this.requireAligned(next);
  }
}
