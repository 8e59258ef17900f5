/**
 * What how2heap lists, by hand: the README's range and the folders of each technique (commit b931ae3 of April 2026),
 * and what is known to stop it. Not taken from our own output: the table is judged by it.
 *
 *     W works   S stopped   - nothing to attack (or no program)     columns: `columns`
 */
import type { GlibcVersion } from '../../../lib/heap/index.ts';

export const columns: readonly GlibcVersion[] = [
  '2.23',
  '2.27',
  '2.31',
  '2.32',
  '2.34',
  '2.36',
  '2.39',
  '2.41',
  '2.42',
  '2.43',
];

/** One technique. */
export interface Listed {
  cells: string;
  /** What the abort must say where it is stopped. */
  message?: RegExp;
}

const always = 'WWWWWWWWWW';
const withCache = '-WWWWWWWWW';
const untilFastbinsWent = 'WWWWWWWWW-';
const until227 = 'WWSSSSSSSS';
const withMangling = '---WWWWWWW';
const unsorted = /^malloc\(\): (unsorted double linked list corrupted|invalid next size \(unsorted\))$/;

export const listed: Readonly<Record<string, Listed>> = {
  fastbin_dup: { cells: untilFastbinsWent },
  fastbin_dup_into_stack: { cells: untilFastbinsWent },
  fastbin_dup_consolidate: { cells: untilFastbinsWent },
  fastbin_reverse_into_tcache: { cells: '-WWWWWWWW-' },
  unsafe_unlink: { cells: always },
  house_of_spirit: { cells: untilFastbinsWent },
  tcache_house_of_spirit: { cells: withCache },
  poison_null_byte: { cells: always },
  house_of_einherjar: { cells: always },
  house_of_lore: { cells: always },
  overlapping_chunks: { cells: always },
  // Listed as stopped in 2.29; with sizes above the cache's limit replayed on 2.36 and 2.43.
  overlapping_chunks_2: { cells: always },
  mmap_overlapping_chunks: { cells: always },
  house_of_force: { cells: until227, message: /^malloc\(\): corrupted top size$/ },
  unsorted_bin_attack: {
    cells: until227,
    message: /^malloc\(\): unsorted double linked list corrupted$/,
  },
  unsorted_bin_into_stack: { cells: until227, message: /^malloc\(\): invalid next size \(unsorted\)$/ },
  large_bin_attack: {
    cells: 'WWWWWWWWSS',
    message: /^malloc\(\): largebin double linked list corrupted \(nextsize\)$/,
  },
  house_of_storm: { cells: until227, message: unsorted },
  house_of_water: { cells: withMangling },
  sysmalloc_int_free: { cells: always },
  house_of_tangerine: { cells: withCache },
  // Until 2.25; what ends it lies outside of the heap, so no message of the heap is listed.
  house_of_orange: { cells: 'WSSSSSSSSS', message: unsorted },
  house_of_roman: { cells: until227, message: unsorted },
  tcache_dup: { cells: '-WSSSSSSSS', message: /^free\(\): double free detected in tcache 2$/ },
  tcache_poisoning: { cells: withCache },
  tcache_metadata_poisoning: { cells: withCache },
  tcache_metadata_hijacking: { cells: '--------WW' },
  house_of_io: { cells: '--WWSSSSSS', message: /^segmentation fault$/ },
  house_of_botcake: { cells: withCache },
  // From 2.41 on "bin and cache cannot be arranged that way": no test of the heap, the program gains nothing.
  tcache_stashing_unlink_attack: { cells: '-WWWWWWSSS', message: /^no effect: / },
  tcache_relative_write: { cells: '--WWWWWW--' },
  house_of_mind_fastbin: { cells: untilFastbinsWent },
  house_of_gods: { cells: 'WSSSSSSSSS', message: unsorted },
  decrypt_safe_linking: { cells: withMangling },
  safe_link_double_protect: { cells: withMangling },
};
