/**
 * Stacks as text in native memory, for a process that will report without JavaScript. Each stack is written once and
 * found again by the places of its frames: that spares most of the writing.
 */
import { internSite } from '../posix/index.ts';

/** A stack that was written. */
export interface WrittenSite {
  /** Lines `at f (file:line:column)`. */
  text: string | null;
  /** What the block table takes. */
  number: number;
}

/** One frame of known stacks: the frames above it, by script and by place in it. */
interface KnownFrame {
  above: Map<string | null, Map<number, KnownFrame>>;
  site: WrittenSite | undefined;
}

const makeFrame = (): KnownFrame => ({ above: new Map(), site: undefined });
/** More would be a program that makes functions all the time: then knowing them is no use. */
const mostFrames = 50_000;
let frames = 0;
let root = makeFrame();

const keepFrames = (_: Error, sites: NodeJS.CallSite[]): unknown => sites;

/**
 * Catches the stack of whoever called.
 * @param limit frames looked at
 * @param write makes the text of a stack that is not known, from the engine's lines
 */
export function catchWrittenSite(
  limit: number,
  write: (lines: string[]) => { text: string | null; short: string },
): WrittenSite {
  const { stackTraceLimit, prepareStackTrace } = Error;
  Error.stackTraceLimit = limit;
  Error.prepareStackTrace = keepFrames;
  const sites = new Error().stack as unknown as NodeJS.CallSite[];
  Error.stackTraceLimit = stackTraceLimit;
  Error.prepareStackTrace = prepareStackTrace;
  let frame = root;
  for (const site of sites) frame = frameAbove(frame, site);
  if (frame.site === undefined) {
    const { text, short } = write(sites.map((site) => `at ${site}`));
    frame.site = { text, number: internSite(short) };
  }
  return frame.site;
}

function frameAbove({ above }: KnownFrame, site: NodeJS.CallSite): KnownFrame {
  // The engine's own functions have no script; their names tell them apart.
  const script = site.getScriptNameOrSourceURL() ?? site.getFunctionName();
  let places = above.get(script);
  if (places === undefined) {
    places = new Map();
    above.set(script, places);
  }
  const place = site.getPosition();
  const known = places.get(place);
  if (known !== undefined) return known;
  if (frames++ > mostFrames) {
    frames = 0;
    root = makeFrame();
  }
  const made = makeFrame();
  places.set(place, made);
  return made;
}
