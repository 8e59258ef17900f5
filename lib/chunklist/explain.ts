/**
 * A dry run of free(): the questions it would ask, in its order, with the numbers it would look at, and then
 * the merges it would do. It asks through the same function as free(), so the two cannot disagree.
 */
import { type FreeExplanation, type FreeStep, HeapError, hex } from '../core/index.ts';
import { TRIM_THRESHOLD_BYTES } from './growth.ts';
import { type Arena, chunkOf, FIRST_CHUNK, pointerOf } from './layout.ts';
import { type Proof, refusal, STAGES, type Stage } from './pointer.ts';
import { unsafeRelease } from './unsafe-unlink.ts';

/** @returns what `free(pointer)` would do; nothing is changed */
export function explainRelease(arena: Arena, pointer: number, proof: Proof): FreeExplanation {
  const refused = refusal(arena, pointer, proof);
  const steps: FreeStep[] = [];
  for (const stage of Object.keys(STAGES) as Stage[]) {
    if (stage === 'neighbours' && !proof.links) continue;
    const ok = refused?.stage !== stage;
    const detail = ok ? detailOf(arena, chunkOf(pointer), stage) : refused.error.message;
    steps.push({ step: STAGES[stage], ok, detail });
    if (!ok) return { pointer, ok: false, steps, message: refused.error.message };
  }
  if (!proof.links) return explainUnsafe(arena, pointer, steps);
  steps.push(...plannedMerges(arena, chunkOf(pointer)));
  return { pointer, ok: true, steps };
}

function detailOf(arena: Arena, chunk: number, stage: Stage): string {
  const end = hex(arena.committed);
  switch (stage) {
    case 'arena':
      return `from 0x0 to ${end}, first chunk at ${hex(FIRST_CHUNK)}`;
    case 'pointer':
      return `${hex(pointerOf(chunk))}, the arena ends at ${end}`;
    case 'chunk':
      return `chunk ${hex(chunk)}, size ${arena.size(chunk)}, ${linksOf(arena, chunk)}`;
    case 'in-use':
      return `flag U is 1, the caller asked for ${arena.request(chunk)} bytes`;
    case 'neighbours':
      return `${describe(arena, 'bck', arena.bck(chunk))}; ${describe(arena, 'fwd', arena.fwd(chunk))}`;
  }
}

function linksOf(arena: Arena, chunk: number): string {
  const show = (link: number | null): string =>
    link === null ? 'null' : link < 0 ? `${link} (outside)` : hex(link);
  return `fwd ${show(arena.fwd(chunk))}, bck ${show(arena.bck(chunk))}`;
}

function describe(arena: Arena, name: 'bck' | 'fwd', chunk: number | null): string {
  if (chunk === null) return `no ${name} chunk`;
  return `${name} chunk ${hex(chunk)} is ${arena.isInUse(chunk) ? 'in use' : 'free'}, size ${arena.size(chunk)}`;
}

function plannedMerges(arena: Arena, chunk: number): FreeStep[] {
  const bck = arena.bck(chunk);
  const fwd = arena.fwd(chunk);
  const mergesBck = bck !== null && !arena.isInUse(bck);
  const mergesFwd = fwd !== null && !arena.isInUse(fwd);
  const size = arena.size(chunk) + (mergesBck ? arena.size(bck) : 0) + (mergesFwd ? arena.size(fwd) : 0);
  const start = mergesBck ? bck : chunk;
  const steps = [
    planned('merge with the bck chunk', mergesBck, describe(arena, 'bck', bck)),
    planned('merge with the fwd chunk', mergesFwd, describe(arena, 'fwd', fwd)),
    { step: 'the free chunk that results', ok: true, detail: `chunk ${hex(start)}, size ${size}` },
  ];
  const gives = start + size === arena.committed && size >= TRIM_THRESHOLD_BYTES;
  return [
    ...steps,
    planned('give pages back', gives, `threshold ${TRIM_THRESHOLD_BYTES} bytes at the arena's end`),
  ];
}

function planned(what: string, willDo: boolean, detail: string): FreeStep {
  return { step: willDo ? what : `do not ${what}`, ok: true, detail };
}

/** Runs the unsafe free on a copy of the arena's bytes: the only way to know where forged links lead. */
function explainUnsafe(arena: Arena, pointer: number, steps: FreeStep[]): FreeExplanation {
  const copy = arena.source.buffer.slice(0, arena.committed);
  const step = 'write where the links say (safeUnlink is off)';
  try {
    unsafeRelease({ bytes: new DataView(copy), base: arena.source.baseAddress }, chunkOf(pointer));
  } catch (error) {
    if (!(error instanceof HeapError)) throw error;
    return {
      pointer,
      ok: false,
      steps: [...steps, { step, ok: false, detail: error.message }],
      message: error.message,
    };
  }
  const detail = linksOf(arena, chunkOf(pointer));
  return { pointer, ok: true, steps: [...steps, { step, ok: true, detail }] };
}
