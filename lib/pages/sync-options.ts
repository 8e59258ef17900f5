/** The options of `Mapping.sync`, and their flags on this platform. */
import { ArgumentError } from '../core/index.ts';
import { requireBoolean } from './mmap-options.ts';

/** How changed pages are written to their file. */
export interface SyncOptions {
  /** Only start writing; by default `sync` waits for the disk. @defaultValue false */
  async?: boolean;
  /** Make other mappings of the file read it again. @defaultValue false */
  invalidate?: boolean;
}

/**
 * @param options what came
 * @param constants the platform's MS_* values
 * @returns the flags msync takes
 * @throws ArgumentError ERR_INVALID_ARG_TYPE
 */
export function syncFlags(options: SyncOptions, constants: Readonly<Record<string, number>>): number {
  if (typeof options !== 'object' || options === null) {
    throw new ArgumentError('ERR_INVALID_ARG_TYPE', 'options', 'an object { async, invalidate }', options);
  }
  const waits = !requireBoolean('options.async', options.async ?? false);
  const invalidates = requireBoolean('options.invalidate', options.invalidate ?? false);
  return (waits ? constants.MS_SYNC : constants.MS_ASYNC) | (invalidates ? constants.MS_INVALIDATE : 0);
}
