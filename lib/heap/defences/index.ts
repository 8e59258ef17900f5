/**
 * Defences as switches: each is a change of the profile or a class around a variant, so that a heap without them
 * pays nothing.
 */
import type { Profile } from '../profile.ts';
import { type HeapClass, strict } from '../strict.ts';
import { hardenedByteCache } from './hardened-byte-cache.ts';
import { limitsInMemory } from './limits-in-memory.ts';
import { quarantined } from './quarantine.ts';
import { sampledGuards } from './sampled-guards.ts';
import { canary, headerChecksum, trailed, trailerBytes } from './trailer.ts';
import { zeroOnFree } from './zero-on-free.ts';

export { sampleEvery } from './sampled-guards.ts';

/** What can be switched on. */
export type Defence =
  | 'safe-linking'
  | 'random-key'
  | 'canary'
  | 'header-checksum'
  | 'zero-on-free'
  | 'quarantine'
  | 'sampled-guards'
  | 'metadata-copy';

/** What each is, in one line. */
export const defences: Readonly<Record<Defence, string>> = {
  'safe-linking': 'links are mangled and tested for alignment, as from 2.32 on',
  'random-key': 'cached blocks carry a random key that a second free finds, as from 2.34 on',
  canary: '8 bytes behind each block that free looks at',
  'header-checksum': '8 bytes behind each block that vouch for its size and place',
  'zero-on-free': 'free clears, malloc looks whether it is still clear',
  quarantine: 'freed blocks wait; second frees and late writes are noticed',
  'sampled-guards': 'every eighth block lies between pages without access',
  'metadata-copy': 'a copy of every header, out of reach; only known pointers are freed',
};

/** @returns bytes that blocks lose to trailers */
export function defenceOverheadBytes(chosen: readonly Defence[]): number {
  const trailers = chosen.filter((name) => name === 'canary' || name === 'header-checksum');
  return trailers.length * trailerBytes;
}

/** @returns the profile with what later versions have */
export function hardenedProfile(profile: Profile, chosen: readonly Defence[]): Profile {
  const isLinked = chosen.includes('safe-linking') && !profile.safeLinking;
  const isKeyed = chosen.includes('random-key') && profile.cacheCountBytes > 0;
  return {
    ...profile,
    ...(isLinked ? { safeLinking: true } : {}),
    ...(isKeyed ? { cacheKey: 'random' } : {}),
  };
}

/** Inner ones first: what is listed last meets a call first. */
const layers: readonly (readonly [Defence, <T extends HeapClass>(base: T) => T])[] = [
  ['zero-on-free', zeroOnFree],
  ['canary', (base) => trailed(base, canary)],
  ['header-checksum', (base) => trailed(base, headerChecksum)],
  ['metadata-copy', strict],
  ['sampled-guards', sampledGuards],
  ['quarantine', quarantined],
];

/**
 * Builds a class with defences.
 * @param variant of the version's family
 * @param profile hardened already
 * @param chosen in any order
 * @param inMemory ask memory for the cache's limit
 */
export function withDefences<T extends HeapClass>(
  variant: T,
  profile: Profile,
  chosen: readonly Defence[],
  inMemory: boolean,
): T {
  const isByteCache = profile.cacheCountBytes === 1 && (profile.safeLinking || profile.cacheKey === 'random');
  let made = isByteCache ? hardenedByteCache(variant) : variant;
  if (inMemory) made = limitsInMemory(made);
  for (const [name, layer] of layers) if (chosen.includes(name)) made = layer(made);
  return made;
}
