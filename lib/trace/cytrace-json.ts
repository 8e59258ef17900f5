/** The parts of a `.cytrace` that are JSON, checked field by field: they come from a file. */
import type { Refusal } from './blocks.ts';
import type { CytraceHead, CytraceTotals } from './cytrace-layout.ts';
import { withoutControls } from './header.ts';

type Fields = Readonly<Record<string, unknown>>;

/** @returns the head section's document */
export function parseHead(bytes: Uint8Array, refusal: Refusal): CytraceHead {
  const fields = parseObject(bytes, 'head', refusal);
  const { numbering, times, sites, recording } = fields;
  if (numbering !== 'counting' && numbering !== 'recycled') refusal.fail('the head names no known numbering');
  return {
    name: shortText(fields.name) || 'trace',
    what: shortText(fields.what),
    numbering,
    times: times === true,
    sites: sites === true,
    source: shortText(fields.source),
    ...(isObject(recording) ? { recording } : {}),
  };
}

/** @returns the end section's document */
export function parseTotals(bytes: Uint8Array, refusal: Refusal): CytraceTotals {
  const fields = parseObject(bytes, 'end', refusal);
  const number = (key: string): number => {
    const value = fields[key];
    if (typeof value !== 'number' || !(value >= 0)) refusal.fail(`the end has no number of ${key}`);
    return value;
  };
  return {
    operations: number('operations'),
    blocks: number('blocks'),
    threads: number('threads'),
    peakLiveBytes: number('peakLiveBytes'),
    peakLiveBlocks: number('peakLiveBlocks'),
    liveAtEnd: number('liveAtEnd'),
    ...(isObject(fields.recording) ? { recording: fields.recording } : {}),
  };
}

/** @returns names of call sites */
export function parseSites(bytes: Uint8Array, refusal: Refusal): string[] {
  const names = parseJson(bytes, 'call sites', refusal);
  if (!Array.isArray(names)) refusal.fail('the call sites are no list');
  return names.map(shortText);
}

function parseObject(bytes: Uint8Array, what: string, refusal: Refusal): Fields {
  const value = parseJson(bytes, what, refusal);
  if (!isObject(value)) refusal.fail(`the ${what} is no JSON object`);
  return value;
}

function parseJson(bytes: Uint8Array, what: string, refusal: Refusal): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    refusal.fail(`the ${what} is no JSON`);
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shortText(value: unknown): string {
  return typeof value === 'string' ? withoutControls(value) : '';
}
