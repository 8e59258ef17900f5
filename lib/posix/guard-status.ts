/** Who handles the signals of faults now, in words. */
import { native } from './binding.ts';
import { check } from './check.ts';
import { guardCounters } from './faults.ts';
import type { NativeSignal } from './native-faults.ts';

/** Who a handler belongs to: `none` stands for ours that was never installed. */
export type HandlerKind = 'none' | 'default' | 'ignored' | 'ours' | 'other';

/** The handlers of one signal. */
export interface SignalStatus {
  /** Who gets it first. */
  handler: HandlerKind;
  /** File and function of another's, as far as known. */
  owner: string | null;
  /** Who ours hands on to. */
  next: HandlerKind;
  nextOwner: string | null;
}

/** State of the fault handler of the process. */
export interface GuardStatus {
  /** The handler is needed, because something is guarded, and first for both signals of faults. */
  inForce: boolean;
  /** Guarded ranges of all threads. */
  ranges: number;
  /** Hits since the start of the process. */
  faults: number;
  signals: { SIGSEGV: SignalStatus; SIGBUS: SignalStatus; SIGTRAP: SignalStatus };
  /** What works here. */
  policies: { die: boolean; throw: boolean; record: boolean; trace: boolean };
  /** Reports can hold a JavaScript stack. */
  jsStack: boolean;
  /** Functions of V8 that were looked for and not found. */
  missingSymbols: string[];
  /** What will go wrong, one sentence each. */
  warnings: string[];
}

const handlerKinds: readonly HandlerKind[] = ['none', 'default', 'ignored', 'ours', 'other'];

function toStatus({ kind, owner, nextKind, nextOwner }: NativeSignal): SignalStatus {
  return {
    handler: handlerKinds[kind + 1],
    owner: owner || null,
    next: handlerKinds[nextKind + 1],
    nextOwner: nextOwner || null,
  };
}

/** Looks, and changes nothing. */
export function guardStatus(): GuardStatus {
  const faults = guardCounters()[0];
  const { ranges, segv, bus, trap, throwSupported, stackSupported, traceSupported, missingSymbols } =
    native().guardStatus();
  const signals = { SIGSEGV: toStatus(segv), SIGBUS: toStatus(bus), SIGTRAP: toStatus(trap) };
  return {
    inForce: ranges > 0 && signals.SIGSEGV.handler === 'ours' && signals.SIGBUS.handler === 'ours',
    ranges,
    faults,
    signals,
    policies: { die: true, throw: throwSupported, record: true, trace: traceSupported },
    jsStack: stackSupported,
    missingSymbols,
    warnings: ranges > 0 ? warningsFor(signals) : [],
  };
}

function warningsFor(signals: GuardStatus['signals']): string[] {
  const warnings: string[] = [];
  for (const name of ['SIGSEGV', 'SIGBUS'] as const) {
    const { handler, owner } = signals[name];
    if (handler === 'ours') continue;
    if (process.listenerCount(name) > 0) {
      warnings.push(`a listener of process.on('${name}') came after the guards: a hit will hang the process`);
    } else {
      const whose = handler === 'other' ? `a handler of ${owner ?? 'unknown origin'}` : 'the default action';
      warnings.push(`${whose} replaced ours for ${name}: hits are not reported; see guard.reinstall()`);
    }
  }
  return warnings;
}

/**
 * Puts our handler first again; what is there now is handed on to.
 * @throws PosixError ENOENT when nothing is guarded; EBUSY after the fourth time
 */
export function reinstallHandler(): void {
  check('sigaction', native().reinstallHandler());
}
