/** Raw mappings for tests of the addon itself, without `Mapping` around them. */
import { constants, type NativeMapping, native } from '../../lib/posix/index.ts';

/**
 * A private anonymous mapping.
 * @param lengthBytes > 0
 * @param protection PROT_* bits; read and write when left out
 */
export function rawAnonymous(lengthBytes: number, protection?: number): NativeMapping {
  const { PROT_READ, PROT_WRITE, MAP_PRIVATE, MAP_ANONYMOUS } = constants();
  const bits = protection ?? PROT_READ | PROT_WRITE;
  return granted(native().mmap(0n, lengthBytes, bits, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

/**
 * A mapping of a file.
 * @param fd open file
 * @param lengthBytes > 0
 * @param options PROT_* bits, shared or private, bytes of the file to skip
 */
export function rawFile(
  fd: number,
  lengthBytes: number,
  { protection = 1, shared = true, offsetBytes = 0 }: RawFileOptions = {},
): NativeMapping {
  const { MAP_PRIVATE, MAP_SHARED } = constants();
  const flags = shared ? MAP_SHARED : MAP_PRIVATE;
  return granted(native().mmap(0n, lengthBytes, protection, flags, fd, offsetBytes));
}

export interface RawFileOptions {
  protection?: number;
  shared?: boolean;
  offsetBytes?: number;
}

/** A handle, or an error that says which errno came instead. */
export function granted<T extends object>(result: T | number): T {
  if (typeof result === 'number') throw new Error(`expected a handle, the system refused with ${result}`);
  return result;
}
