/**
 * The bytes of a native heap at the end of a replay, with the addresses that make sense of them: what a simulated
 * heap must reproduce. The file's form is drawn in native/tools/replayer/image.h.
 */
import { ReplayerError } from './replayer-error.ts';

/** A range of the native process's memory. */
export interface ImageSection {
  /**
   * `main-state` and `thread-state` are the arenas' structs, `main-heap` the break's memory, `thread-heap` one
   * 64 MiB heap's accessible part; several of those stand from the newest to the first.
   */
  name: string;
  address: bigint;
  bytes: Uint8Array;
}

/** Heap and arena structs of one native run. */
export interface NativeImage {
  /** Version of glibc, for example `2.36`. */
  libc: string;
  /** First chunk of the main arena. */
  mainStart: bigint;
  /** Struct of the main arena. */
  mainArena: bigint;
  /** Cache struct of the replaying thread; 0 where it has none yet. */
  tcache: bigint;
  /** What marks cached blocks. */
  tcacheKey: bigint;
  sections: ImageSection[];
}

/**
 * Reads an image file.
 * @param file its bytes
 * @returns the image; null for an empty file, which is what a platform without images leaves
 * @throws ReplayerError ERR_REPLAYER_FAILED when the file is cut off or none of ours
 */
export function parseNativeImage(file: Uint8Array): NativeImage | null {
  if (file.length === 0) return null;
  const text = new TextDecoder('latin1').decode(file.subarray(0, 1 << 17));
  const end = text.indexOf('\nend\n');
  if (!text.startsWith('chunkyard-image 1\n') || end < 0) throw damaged('no image');
  const header = text.slice(0, end);
  const sections: ImageSection[] = [];
  let at = end + '\nend\n'.length;
  for (const [, name, address, length] of header.matchAll(/^section (\S+) (0x[0-9a-f]+) (\d+)$/gm)) {
    const bytes = file.slice(at, at + Number(length));
    if (bytes.length !== Number(length)) throw damaged(`section ${name} is cut off`);
    at += bytes.length;
    sections.push({ name, address: BigInt(address), bytes });
  }
  return {
    libc: field(header, 'libc'),
    mainStart: BigInt(field(header, 'main-start')),
    mainArena: BigInt(field(header, 'main-arena')),
    tcache: BigInt(field(header, 'tcache')),
    tcacheKey: BigInt(field(header, 'tcache-key')),
    sections,
  };
}

function field(header: string, key: string): string {
  const value = new RegExp(`^${key} (\\S+)$`, 'm').exec(header)?.[1];
  if (value === undefined) throw damaged(`no ${key}`);
  return value;
}

function damaged(what: string): ReplayerError {
  return new ReplayerError('ERR_REPLAYER_FAILED', `the image file is damaged: ${what}`);
}
