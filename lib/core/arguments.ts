/** Checks of arguments at the edge: one voice for all of them, see `ArgumentError`. */
import { ArgumentError } from './errors.ts';

/** Bounds of an integer argument, both inclusive. */
export interface IntegerBounds {
  /** @defaultValue 0 */
  minimum?: number;
  /** @defaultValue Number.MAX_SAFE_INTEGER */
  maximum?: number;
}

/**
 * Accepts a safe integer, or a BigInt that is one.
 * @param argument name of the argument, for the message
 * @param value what came
 * @returns the value as a number
 * @throws ArgumentError ERR_INVALID_ARG_TYPE (not a number), ERR_OUT_OF_RANGE (NaN, fraction, out of bounds)
 */
export function requireInteger(argument: string, value: unknown, bounds: IntegerBounds = {}): number {
  const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = bounds;
  const expected = `an integer from ${minimum} to ${maximum}`;
  if (typeof value !== 'number' && typeof value !== 'bigint') {
    throw new ArgumentError('ERR_INVALID_ARG_TYPE', argument, expected, value);
  }
  if (value < minimum || value > maximum || !Number.isSafeInteger(Number(value))) {
    throw new ArgumentError('ERR_OUT_OF_RANGE', argument, expected, value);
  }
  return Number(value);
}

/**
 * Accepts one of a fixed set of words.
 * @param argument name of the argument, for the message
 * @param value what came
 * @param choices the words allowed
 * @returns the value, typed
 * @throws ArgumentError ERR_INVALID_ARG_VALUE
 */
export function requireOneOf<T extends string>(argument: string, value: unknown, choices: readonly T[]): T {
  if (!choices.includes(value as T)) {
    throw new ArgumentError('ERR_INVALID_ARG_VALUE', argument, `one of ${choices.join(', ')}`, value);
  }
  return value as T;
}
