/**
 * Where a block was allocated or freed. Catching a stack costs a microsecond or two, writing it as text twice that
 * again: text is made when somebody asks.
 */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A stack that was caught and not yet written. */
export type Site = Error;

/** Most frames of ours above the caller's: realloc, malloc, the allocation in it, the catching. */
const ourFrames = 4;
const ourFolder = dirname(fileURLToPath(import.meta.url));

/**
 * Catches the stack of whoever called into this layer.
 * @param frames most frames kept; 0: nothing is caught
 */
export function catchSite(frames: number): Site | undefined {
  if (frames === 0) return undefined;
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = frames + ourFrames;
  const site = new Error();
  Error.stackTraceLimit = before;
  return site;
}

/**
 * Writes a stack as text.
 * @returns lines `at f (file:line:column)` without this layer's own first frames and without the engine's loaders;
 *   null when there are none
 */
export function formatSite(site: Site | undefined, frames: number): string | null {
  if (typeof site?.stack !== 'string') return null;
  const lines = site.stack.split('\n').map((line) => line.trim());
  const stack = lines.filter((line) => line.startsWith('at ') && !line.includes('node:internal'));
  const first = stack.findIndex((line) => !line.includes(ourFolder));
  // A bundler may have put everything into one folder: then our own frames stay.
  return stack.length === 0 ? null : stack.slice(Math.max(0, first), Math.max(0, first) + frames).join('\n');
}

/** Makes a stack fit for where space is scarce: paths from the working directory on. */
export function shortenSite(text: string): string {
  const folder = process.cwd();
  return text.replaceAll('file://', '').replaceAll(folder === '/' ? folder : `${folder}/`, '');
}
