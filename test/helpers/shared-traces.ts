/** The study's traces, if their folder lies beside the checkout: measured with, never copied. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Folder with `glibc-replay.tsv` and the traces it names. */
export const sharedTraces: string = fileURLToPath(new URL('../../../shared/traces/', import.meta.url));

/** One line of `glibc-replay.tsv`. */
export interface SharedTrace {
  /** Path from `sharedTraces`. */
  file: string;
  operations: number;
  peakLiveBytes: number;
  /** Peak of break growth and own mappings under glibc 2.36. */
  glibcFootprintBytes: number;
}

/** @returns every trace of the table; empty where the folder is not there */
export function listSharedTraces(): SharedTrace[] {
  const table = `${sharedTraces}glibc-replay.tsv`;
  if (!existsSync(table)) return [];
  const lines = readFileSync(table, 'utf8').trim().split('\n').slice(1);
  return lines.map((line) => {
    const [file, ...numbers] = line.split('\t');
    const [operations, peakLiveBytes, glibcFootprintBytes] = numbers.map(Number);
    return { file, operations, peakLiveBytes, glibcFootprintBytes };
  });
}
