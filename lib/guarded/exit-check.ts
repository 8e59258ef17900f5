/** Looks at the slack of every live block once more when the process (or the worker) ends. */
import { type FaultLog, printFault } from './fault-log.ts';

/** Heaps that are looked at; one that is dropped is forgotten. */
const logs = new Set<WeakRef<FaultLog>>();

/** Enters a heap's log. @returns takes it out again */
export function checkAtExit(log: FaultLog): () => void {
  const entry = new WeakRef(log);
  if (logs.size === 0) process.on('exit', inspectAll);
  logs.add(entry);
  return () => {
    logs.delete(entry);
    if (logs.size === 0) process.off('exit', inspectAll);
  };
}

function inspectAll(): void {
  for (const entry of logs) {
    const log = entry.deref();
    if (log === undefined) continue;
    log.pull();
    for (const { slot, error } of log.damaged()) {
      // Nobody is here but us.
      const fault = { ...error.fault, jsStack: null };
      log.report(slot, fault);
      printFault(fault);
      // Nobody else will tell: a script that runs this program must be able to see it.
      process.exitCode ||= 1;
    }
  }
}
