/**
 * A process of its own for one measurement, so that no allocator warms the caches, the heap or the compilers for
 * another. Entry: `node measure-child.js ALLOCATOR OPTIONS-AS-JSON < TRACE`; the answer is a Measurement as JSON.
 */
import { fileURLToPath } from 'node:url';
import { formatTrace, readTrace, type Trace } from '../trace/index.ts';
import { measureBuffers } from './buffer-baseline.ts';
import { type Measurement, type MeasureOptions, measureSubject } from './measure.ts';
import { NamelessFile } from './program-file.ts';
import { runChild } from './run-child.ts';
import type { SubjectName } from './subjects.ts';

/** What can be measured in a Node process. */
export type MeasurableName = SubjectName | 'buffer';

const here = fileURLToPath(import.meta.url);

/** Measures in this process. */
export function measureHere(trace: Trace, name: MeasurableName, options: MeasureOptions = {}): Measurement {
  return name === 'buffer' ? measureBuffers(trace, options) : measureSubject(trace, name, options);
}

/**
 * Measures in a fresh process of the same Node; in this one when running from source, which Node 20 cannot load.
 * @param trace what to run
 * @param name the allocator
 * @param options rounds and budget
 * @throws ReplayerError ERR_REPLAYER_FAILED when the process ends badly
 */
export async function measureApart(
  trace: Trace,
  name: MeasurableName,
  options: MeasureOptions = {},
): Promise<Measurement> {
  if (here.endsWith('.ts')) return measureHere(trace, name, options);
  using file = new NamelessFile(new TextEncoder().encode(formatTrace(trace)));
  const answer = await runChild({
    command: [process.execPath, here, name, JSON.stringify(options)],
    input: file.descriptor,
    environment: { ...process.env, NODE_OPTIONS: '' },
  });
  return JSON.parse(answer) as Measurement;
}

if (process.argv[1] === here) {
  const [, , name, options] = process.argv;
  const trace = await readTrace('-');
  process.stdout.write(JSON.stringify(measureHere(trace, name as MeasurableName, JSON.parse(options))));
}
