/** The dry run of a defence's own test, before that of the heap behind it. */
import { type FreeExplanation, HeapError } from '../../core/index.ts';

/**
 * @param step what the defence looks at
 * @param test throws what `free` would throw
 * @param others what the heap behind it says
 * @returns the explanation of both
 */
export function explainFirst(
  pointer: number,
  step: string,
  test: () => void,
  others: () => FreeExplanation,
): FreeExplanation {
  try {
    test();
  } catch (error) {
    if (!(error instanceof HeapError) || error.code === 'ERR_HEAP_CLOSED') throw error;
    const { message } = error;
    return { pointer, ok: false, steps: [{ step, ok: false, detail: message }], message };
  }
  const explanation = others();
  return { ...explanation, steps: [{ step, ok: true, detail: 'as it should be' }, ...explanation.steps] };
}
