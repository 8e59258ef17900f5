/** Runs one technique on one version, and judges it by its effect. */

import { sharedWindow } from '../compare/index.ts';
import { ArgumentError, GiB, HeapError, MiB } from '../core/index.ts';
import {
  bufferWindow,
  type Defence,
  defenceOverheadBytes,
  type GlibcVersion,
  Heap,
  profiles,
} from '../heap/index.ts';
import type { Trace } from '../trace/index.ts';
import { factsOf } from './facts.ts';
import { Lab } from './lab.ts';
import { type Layout, layoutOf } from './layout.ts';
import { NoEffect, type Technique } from './technique.ts';
import { techniques } from './techniques/index.ts';
import type { Claim, Step } from './telling.ts';

/** How a technique ends. */
export type Outcome = 'works' | 'stopped' | 'not-applicable';

/** On what it is run. */
export interface AttackOptions {
  /** @defaultValue '2.36' */
  glibc?: GlibcVersion;
  /** Switched on. @defaultValue none */
  defences?: readonly Defence[];
  /** Addresses and key. @defaultValue `layoutOf(1)` */
  layout?: Layout;
}

/** What came of it. */
export interface AttackResult {
  technique: string;
  glibc: GlibcVersion;
  outcome: Outcome;
  /** What stopped it: an abort's message, a fault, nothing gained; or why the version has nothing to attack. */
  message?: string;
  steps: readonly Step[];
  /** Effects that were proved. */
  claims: readonly Claim[];
  /** The calls and writes, for the native malloc; null where a trace cannot tell them. */
  trace: Trace | null;
  /** Why not. */
  notNative: string | null;
}

/**
 * @param name of a technique
 * @throws ArgumentError when there is none
 */
export function techniqueNamed(name: string): Technique {
  const found = techniques.find((technique) => technique.name === name);
  if (found) return found;
  const known = techniques.map((technique) => technique.name).join(', ');
  throw new ArgumentError('ERR_INVALID_ARG_VALUE', 'name', `one of ${known}`, name);
}

/**
 * Runs a technique.
 * @param technique it, or its name
 * @param options version, defences, layout
 * @returns what came of it
 * @throws ArgumentError
 */
export function runAttack(technique: Technique | string, options: AttackOptions = {}): AttackResult {
  const { glibc = '2.36', defences = [], layout = layoutOf(1) } = options;
  const chosen = typeof technique === 'string' ? techniqueNamed(technique) : technique;
  const base = { technique: chosen.name, glibc, claims: [], steps: [], trace: null, notNative: null };
  const reason = chosen.notOn?.(factsOf(profiles[glibc])) ?? null;
  if (reason !== null) return { ...base, outcome: 'not-applicable', message: reason };
  const heap = makeHeap(chosen, glibc, defences, layout);
  const lab = new Lab(heap, factsOf(heap.profile), defenceOverheadBytes(defences));
  const ending = runIn(lab, chosen);
  heap.destroy();
  const { steps, claims, notNative } = lab;
  const trace = notNative === null ? lab.trace.finish(chosen.name, chosen.what) : null;
  return { ...base, ...ending, steps, claims, notNative, trace };
}

function makeHeap(
  { limitsInMemory = false, large = false }: Technique,
  glibc: GlibcVersion,
  defences: readonly Defence[],
  { baseAddress, heapStart, key }: Layout,
): Heap {
  const shared = { defences, limitsInMemory, glibc, key };
  if (large) {
    const source = bufferWindow({ sizeBytes: 160 * MiB, baseAddress });
    return Heap.create({ ...shared, source, heapStart: 64 * MiB });
  }
  return Heap.create({ ...shared, source: sharedWindow(baseAddress), limitBytes: 4 * GiB, heapStart });
}

function runIn(lab: Lab, technique: Technique): Pick<AttackResult, 'outcome' | 'message'> {
  try {
    if (!technique.fresh) lab.makeCache();
    technique.run(lab);
    return { outcome: 'works' };
  } catch (error) {
    if (error instanceof HeapError) return { outcome: 'stopped', message: endingOf(error) };
    if (error instanceof NoEffect)
      return { outcome: 'stopped', message: `no effect: "${error.message}" does not hold` };
    throw error;
  }
}

/** A fault is told without its address: that differs from layout to layout. */
function endingOf({ code, message }: HeapError): string {
  if (code !== 'ERR_HEAP_FAULT') return message;
  return message.startsWith('TIMEOUT') ? 'it never ends' : 'segmentation fault';
}
