/** Every technique, in the order in which they are told. */
import type { Technique } from '../technique.ts';
import * as arena from './arena.ts';
import * as cache from './cache.ts';
import * as struct from './cache-struct.ts';
import * as fastbin from './fastbin.ts';
import * as overlap from './overlap.ts';
import * as sorted from './sorted.ts';
import * as spirit from './spirit.ts';
import * as top from './top.ts';
import * as unlinking from './unlinking.ts';
import * as unsorted from './unsorted.ts';
import * as warmUp from './warm-up.ts';

/** The attacks, and two demonstrations of what they rely on. */
export const techniques: readonly Technique[] = [
  warmUp.firstFit,
  warmUp.calcTcacheIdx,
  fastbin.fastbinDup,
  fastbin.fastbinDupIntoStack,
  fastbin.fastbinDupConsolidate,
  fastbin.fastbinReverseIntoTcache,
  unlinking.unsafeUnlink,
  spirit.houseOfSpirit,
  spirit.tcacheHouseOfSpirit,
  unlinking.poisonNullByte,
  unlinking.houseOfEinherjar,
  sorted.houseOfLore,
  overlap.overlappingChunks,
  overlap.overlappingChunks2,
  overlap.mmapOverlappingChunks,
  top.houseOfForce,
  unsorted.unsortedBinAttack,
  unsorted.unsortedBinIntoStack,
  sorted.largeBinAttack,
  unsorted.houseOfStorm,
  struct.houseOfWater,
  top.sysmallocIntFree,
  top.houseOfTangerine,
  top.houseOfOrange,
  arena.houseOfRoman,
  cache.tcacheDup,
  cache.tcachePoisoning,
  struct.tcacheMetadataPoisoning,
  struct.tcacheMetadataHijacking,
  struct.houseOfIo,
  cache.houseOfBotcake,
  sorted.tcacheStashingUnlinkAttack,
  struct.tcacheRelativeWrite,
  arena.houseOfMindFastbin,
  arena.houseOfGods,
  cache.decryptSafeLinking,
  cache.safeLinkDoubleProtect,
];
