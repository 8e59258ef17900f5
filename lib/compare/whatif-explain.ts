/** Why a setting is better, in two sentences, from what was counted. */
import { formatBytes } from '../core/index.ts';
import type { WhatIfRow } from './whatif.ts';

/** Where the bytes of a heap at its peak are. */
interface Parts {
  /** Asked for by the program. */
  asked: number;
  /** Headers, and what rounding gives beyond what was asked. */
  overhead: number;
  /** Free between blocks: on lists, in caches. */
  between: number;
  /** Free at the ends of the heaps. */
  top: number;
}

const headerBytes = 8;

/** @returns the parts of a heap at its peak */
export function partsAtPeak({ atPeak }: WhatIfRow): Parts {
  const { liveBytes, usableBytes, liveBlocks, heapBytes, topBytes } = atPeak;
  const held = usableBytes + headerBytes * liveBlocks;
  const top = topBytes ?? 0;
  return {
    asked: liveBytes,
    overhead: held - liveBytes,
    between: Math.max(0, (heapBytes ?? 0) - top - held),
    top,
  };
}

const partWords: Readonly<Record<keyof Parts, string>> = {
  asked: 'live data',
  overhead: 'headers and rounding',
  between: 'free chunks between blocks',
  top: 'free space at the end of the heap',
};

/**
 * Explains a setting.
 * @param defaults what happens without it
 * @param chosen what happens with it
 * @returns two sentences
 */
export function explainSetting(defaults: WhatIfRow, chosen: WhatIfRow): string {
  const [before, after] = [partsAtPeak(defaults), partsAtPeak(chosen)];
  const names = Object.keys(partWords) as (keyof Parts)[];
  const main = names.reduce((most, name) =>
    before[name] - after[name] > before[most] - after[most] ? name : most,
  );
  const parts = names.map((name) => `${formatBytes(before[name])} ${partWords[name]}`).join(', ');
  const peak = formatBytes(chosen.peakHeapBytes);
  // Less live data at the peak: the peak is another one.
  const change =
    main === 'asked'
      ? `that moment passes with less, and the largest heap, ${peak}, comes after ` +
        `${count(chosen.atPeak.operations)} operations instead of ${count(defaults.atPeak.operations)}`
      : `the peak is ${peak}, with ${formatBytes(after[main])} ${partWords[main]}`;
  const why =
    `At its peak the default heap takes ${formatBytes(defaults.peakHeapBytes)} (${parts}); with ` +
    `${chosen.setting} ${change}${mappings(defaults, chosen)}.`;
  return `${why} ${price(defaults, chosen)}`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** Said where it is the reason: large blocks that moved into mappings of their own, or out of them. */
function mappings(defaults: WhatIfRow, chosen: WhatIfRow): string {
  const [before, after] = [defaults.mappedAtPeakBytes, chosen.mappedAtPeakBytes];
  if (Math.abs(before - after) < 0.05 * defaults.peakHeapBytes) return '';
  return `, while mappings of their own hold ${formatBytes(after)} instead of ${formatBytes(before)}`;
}

function price(defaults: WhatIfRow, chosen: WhatIfRow): string {
  const factor = chosen.timeFactor;
  // Nobody waits in a simulator.
  const shares = chosen.tunables.arena_max === undefined ? '' : ', in which no thread waits for an arena';
  const change = Math.round(100 * Math.abs(factor - 1));
  const more = change < 3 ? 'about the same' : `about ${change} % ${factor > 1 ? 'more' : 'less'}`;
  const time = `${more} time (an estimate${shares})`;
  const calls = `${callsOf(chosen)} system calls instead of ${callsOf(defaults)}`;
  const pages = `${count(chosen.freshPages)} fresh pages instead of ${count(defaults.freshPages)}`;
  return `It needs ${calls} and ${pages}, and ${time}.`;
}

function callsOf({ systemCalls }: WhatIfRow): string {
  const sum = Object.values(systemCalls).reduce((total, times) => total + times, 0);
  const [most] = Object.entries(systemCalls).sort((a, b) => b[1] - a[1]);
  const main = most === undefined || sum === most[1] ? '' : ` (${most[0]} ${count(most[1])})`;
  return `${count(sum)}${main}`;
}
