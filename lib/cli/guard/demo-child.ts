/**
 * The process that commits one demonstration. Entry: `node demo-child.js NAME POLICY`; says what it does as lines of
 * JSON on standard output, each at once, so that nothing is lost when it dies.
 */
import { writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type FaultPolicy, MemoryFaultError } from '../../core/index.ts';
import { faultDocument, formatFault, GuardedHeap, GuardedHeapError } from '../../guarded/index.ts';
import { guard } from '../../pages/index.ts';
import { demos, goesOn } from './demos.ts';

/** Path of this program. */
export const demoChild: string = fileURLToPath(import.meta.url);

/** What the child says; `end` comes last, if it comes. */
export type ChildLine = { say: string } | { end: ChildEnd };

/** What a child that lived knows. */
export interface ChildEnd {
  /** The exception that came out of the demonstration. */
  error: {
    name: string;
    code: string;
    message: string;
    allocatedAt: string | null;
    freedAt: string | null;
  } | null;
  /** Reports as text, of the exception and of what was recorded. */
  reports: string[][];
  /** The same as documents. */
  faults: object[];
}

if (process.argv[1] === demoChild) commit(process.argv[2], process.argv[3] as FaultPolicy);

function tell(line: ChildLine): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

function commit(name: string, policy: FaultPolicy): void {
  const demo = demos.find((known) => known.name === name);
  if (demo === undefined) throw new Error(`no demonstration is called ${name}`);
  const heap = GuardedHeap.create({ ...demo.options, policy, name });
  const crime = (): void => demo.run(heap, (say) => tell({ say }));
  let thrown: unknown = null;
  try {
    if (policy === 'throw') guard.run(crime);
    else crime();
  } catch (error) {
    thrown = error;
  }
  if (thrown !== null && !(thrown instanceof MemoryFaultError) && !(thrown instanceof GuardedHeapError))
    throw thrown;
  const faults = goesOn(policy) ? heap.faults() : [];
  if (thrown instanceof MemoryFaultError && !faults.includes(thrown.fault)) faults.push(thrown.fault);
  const reports = faults.map(formatFault);
  const error = thrown && {
    name: thrown.name,
    code: thrown.code,
    message: thrown.message,
    allocatedAt: thrown.allocatedAt,
    freedAt: thrown.freedAt,
  };
  tell({ end: { error, reports, faults: faults.map(faultDocument) } });
  heap.destroy();
}
