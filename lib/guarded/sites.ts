/**
 * Where a block was allocated or freed. Catching a stack costs two microseconds or three, writing it as text as much
 * again: so a stack is caught once and found again by its key, and its text is made when somebody asks. The parents of
 * async functions are left out: the key does not tell them apart.
 */
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { internSite, stackKey } from '../posix/index.ts';

/** A stack as text, in native memory too: for a process that will report without JavaScript. */
interface WrittenSite {
  /** Lines `at f (file:line:column)`. */
  text: string | null;
  /** What the block table takes. */
  number: number;
}

/** A stack that was caught: unwritten, or written because the process may die without a chance to. */
export type Site = Error | WrittenSite;

/** Most frames of ours above the caller's: realloc, what places the block, the one that catches. */
const ourFrames = { slots: 5, sampled: 10 };
const ourFolder = dirname(fileURLToPath(import.meta.url));
/** This layer, and the plain heap that calls into it when sampled. */
const ourFolders = [ourFolder, join(ourFolder, '..', 'heap')].map((folder) => folder + sep);
/** More would be stacks from before many collections: their keys do not come again. */
const mostKnown = 2048;

/** Catches the stacks of one heap's users. */
export class SiteCatcher {
  readonly #frames: number;
  readonly #isWritten: boolean;
  readonly #ourFrames: number;
  readonly #known = new Map<number, Site>();

  /**
   * @param frames most frames kept; 0: nothing is caught
   * @param isWritten stacks are written when they are caught
   * @param isSampled a plain heap stands between the caller and this layer
   */
  constructor(frames: number, isWritten: boolean, isSampled: boolean) {
    this.#frames = frames;
    this.#ourFrames = isSampled ? ourFrames.sampled : ourFrames.slots;
    this.#isWritten = isWritten;
  }

  /** The stack of whoever called into this layer. */
  catch(): Site | undefined {
    if (this.#frames === 0) return undefined;
    const key = stackKey(this.#frames + this.#ourFrames);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const caught = this.#catchNow();
    const site = this.#isWritten ? this.#write(caught) : caught;
    if (key === 0) return site;
    if (this.#known.size === mostKnown) this.#known.clear();
    this.#known.set(key, site);
    return site;
  }

  /** @returns lines `at f (file:line:column)`, or null when there are none */
  format(site: Site | undefined): string | null {
    if (site === undefined) return null;
    if ('number' in site) return site.text;
    return typeof site.stack === 'string' ? chooseLines(site.stack, this.#frames) : null;
  }

  #catchNow(): Error {
    const before = Error.stackTraceLimit;
    Error.stackTraceLimit = this.#frames + this.#ourFrames + 1;
    const site = new Error();
    Error.stackTraceLimit = before;
    return site;
  }

  #write(site: Error): WrittenSite {
    const text = this.format(site);
    return { text, number: internSite(shorten(text ?? '')) };
  }
}

/** The lines that say something: without this layer's own first frames, and without the engine's loaders. */
function chooseLines(stackText: string, frames: number): string | null {
  const stack = stackText
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at ') && !line.startsWith('at async ') && !/\bnode:/.test(line));
  const first = stack.findIndex((line) => !ourFolders.some((folder) => line.includes(folder)));
  // A bundler may have put everything into one folder: then our own frames stay.
  return stack.length === 0 ? null : stack.slice(Math.max(0, first), Math.max(0, first) + frames).join('\n');
}

/** Native memory is scarce: paths from the working directory on. */
function shorten(text: string): string {
  const folder = process.cwd();
  return text.replaceAll('file://', '').replaceAll(folder === '/' ? folder : `${folder}/`, '');
}
