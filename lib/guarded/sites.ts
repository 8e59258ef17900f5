/**
 * Where a block was allocated or freed. Catching a stack costs a microsecond or two, writing it as text twice that
 * again: text is made when somebody asks.
 */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { catchWrittenSite, type WrittenSite } from './written-sites.ts';

/** A stack that was caught: unwritten, or written because the process may die without a chance to. */
export type Site = Error | WrittenSite;

/** Most frames of ours above the caller's: realloc, malloc, two inside, the two that catch. */
const ourFrames = 6;
const ourFolder = dirname(fileURLToPath(import.meta.url));

/**
 * Catches the stack of whoever called into this layer.
 * @param frames most frames kept; 0: nothing is caught
 * @param isWritten writes it at once
 */
export function catchSite(frames: number, isWritten: boolean): Site | undefined {
  if (frames === 0) return undefined;
  if (isWritten) {
    return catchWrittenSite(frames + ourFrames + 1, (lines) => {
      const text = chooseLines(lines, frames);
      return { text, short: shorten(text ?? '') };
    });
  }
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
  if (site === undefined) return null;
  if ('number' in site) return site.text;
  return typeof site.stack === 'string' ? chooseLines(site.stack.split('\n'), frames) : null;
}

function chooseLines(lines: string[], frames: number): string | null {
  const stack = lines
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at ') && !/\bnode:/.test(line));
  const first = stack.findIndex((line) => !line.includes(ourFolder));
  // A bundler may have put everything into one folder: then our own frames stay.
  return stack.length === 0 ? null : stack.slice(Math.max(0, first), Math.max(0, first) + frames).join('\n');
}

/** Native memory is scarce: paths from the working directory on. */
function shorten(text: string): string {
  const folder = process.cwd();
  return text.replaceAll('file://', '').replaceAll(folder === '/' ? folder : `${folder}/`, '');
}
