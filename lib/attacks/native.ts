/** The same programs on this machine's malloc: in a process of their own, judged by the same claims. */
import { compareFidelity, machineGlibc, NativeReplayer } from '../compare/index.ts';
import type { GlibcVersion } from '../heap/index.ts';
import { type AttackResult, type Outcome, runAttack } from './outcome.ts';
import type { Technique } from './technique.ts';
import type { Claim } from './telling.ts';

/** What came of a technique, here and there. */
export interface NativeAttack {
  simulated: AttackResult;
  native: { outcome: Outcome; message?: string };
  /** Same outcome, same message, and line by line the same placements and words read. */
  agrees: boolean;
  /** Where they part ways. */
  firstDifference: string | null;
}

const timeoutSeconds = 5;

/**
 * Runs a technique natively.
 * @param technique it, or its name
 * @param glibc the machine's version
 * @returns both ends; null with the reason in `simulated` when it cannot run natively
 * @throws ReplayerError when there is no native replayer
 */
export async function runAttackNatively(
  technique: Technique | string,
  glibc: GlibcVersion | null = machineGlibc(),
): Promise<{ simulated: AttackResult; reason: string } | NativeAttack> {
  const simulated = runAttack(technique, glibc === null ? {} : { glibc });
  const { trace } = simulated;
  if (glibc === null) return { simulated, reason: "this machine's C library is none that is simulated" };
  if (trace === null) return { simulated, reason: simulated.notNative ?? simulated.message ?? 'no trace' };
  const fidelity = await compareFidelity(trace, { glibc, native: { timeoutSeconds } });
  using replayer = new NativeReplayer(trace, { damage: true, timeoutSeconds });
  const { placements, image } = await replayer.image();
  const places = image === null ? null : { heap: image.mainStart, arena: image.mainArena };
  const native = judge(placements, simulated.claims, places);
  const { firstDifference } = fidelity;
  const isSame = native.outcome === simulated.outcome && messageOf(native) === messageOf(simulated);
  return {
    simulated,
    native,
    agrees: isSame && firstDifference === null,
    firstDifference: firstDifference === null ? null : JSON.stringify(firstDifference),
  };
}

function messageOf({ message = '' }: { message?: string }): string {
  return message;
}

/** Judges by effect: the words that the native run read. */
function judge(
  lines: readonly string[],
  claims: readonly Claim[],
  places: { heap: bigint; arena: bigint } | null,
): NativeAttack['native'] {
  const last = lines.at(-1) ?? '';
  if (last.startsWith('! ')) {
    const message = last === '! SEGV' ? 'segmentation fault' : last.slice(2);
    return { outcome: 'stopped', message };
  }
  for (const { operation, what, holds } of claims) {
    const line = lines[operation] ?? '';
    const isHeld = line.startsWith('= ') && places !== null && holds(BigInt(line.slice(2)), places);
    if (!isHeld) return { outcome: 'stopped', message: `no effect: "${what}" does not hold` };
  }
  return { outcome: 'works' };
}
