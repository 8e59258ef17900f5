/**
 * Room for more mappings. Linux lets a process have `vm.max_map_count` of them (65,530 by default), and every page
 * whose protection differs from its neighbours' splits one into three. At the limit not our call fails first but
 * the engine: it can allocate nothing more and ends the process. So calls that may split are refused while there is
 * still room left for the engine.
 *
 * The map is read rarely: each reading allows a quarter of the room it finds before the next.
 */
import { readFileSync } from 'node:fs';
import { type CallSubject, refusal } from '../posix/index.ts';

/** Most mappings of a process; without a limit where the system names none. */
export function readMappingLimit(): number {
  try {
    return Number(readFileSync('/proc/sys/vm/max_map_count', 'latin1'));
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** Mappings of the process now; Linux only. */
export function countMappings(): number {
  const newline = 0x0a;
  let count = 0;
  for (const byte of readFileSync('/proc/self/maps')) if (byte === newline) count++;
  return count;
}

let limit: number | undefined;
/** Mappings that may still be made before the map is read again. */
let allowance = 0;

/**
 * Counts mappings about to be made.
 * @param pieces most mappings the call can add
 * @param syscall the call that would be made, for the error
 * @param subject its range, for the error
 * @throws PosixError ENOMEM when they would take what the engine needs
 */
export function requireMappingRoom(pieces: number, syscall: string, subject: CallSubject): void {
  allowance -= pieces;
  if (pieces === 0 || allowance >= 0) return;
  if (limit === undefined) {
    limit = readMappingLimit();
    // A fresh process has a few hundred: no need to look.
    allowance = limit / 8;
    return;
  }
  const count = countMappings();
  const room = limit - Math.max(1024, limit / 16) - count;
  if (room < pieces) {
    const hint = `the process has ${count} mappings, vm.max_map_count allows ${limit}, the engine needs the rest`;
    throw refusal('ENOMEM', syscall, { ...subject, hint });
  }
  allowance = Math.floor(room / 4);
}
