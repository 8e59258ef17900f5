/** A number for the stack that runs now, cheaper than the stack itself. */
import { native } from './binding.ts';

/**
 * Equal numbers mean equal stacks, in this thread: the same places in the same functions. Equal stacks may have
 * different numbers: code is compiled anew, and the collector moves it.
 * @param frames topmost frames that count, 1 to 96; parents of async functions are not among them
 * @returns a safe integer; 0 where the engine cannot tell
 */
export function stackKey(frames: number): number {
  return native().stackKey(frames);
}
