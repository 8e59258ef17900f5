/** Step 5: what a system call costs on this machine, against malloc. */
import { type CostCase, describeMachine, measureAll, measureLoop } from '../../costs/index.ts';
import { Heap } from '../../heap/index.ts';
import { mmapWindow } from '../../pages/index.ts';
import type { Output } from '../output.ts';
import { duration, times, wrap } from '../words.ts';
import { narrower, type TourStep } from './step.ts';

/** Cases of the table, in its order, with what one operation is. */
const rows: Readonly<Record<string, string>> = {
  'malloc-free-32': "this machine's malloc(32) and free",
  'heap-malloc-free-32': 'our malloc(32) and free, in JavaScript',
  'null-call': 'a system call that does nothing',
  'mprotect-flip': 'mprotect of one page',
  'touch-write-page': 'the first write to a fresh page',
  'mmap-munmap-4k': 'mmap and munmap of 4 KiB, untouched',
  'mmap-touch-munmap-64k': 'mmap of 64 KiB, a write to each page, munmap',
};

const ours = 'heap-malloc-free-32';
const batches = 300;

/** The step. */
export const costsStep: TourStep = {
  name: 'costs',
  title: 'Why malloc exists',
  explanation:
    'A program could ask the system for every block. This is what that would cost here: timed in C++ inside the ' +
    'addon, in batches of about 35 us, so that the crossing from JavaScript is not in it (but for our own malloc).',
  run: (output) => {
    const native = measureAll(
      Object.keys(rows).filter((name) => name !== ours),
      { batches },
    );
    const cases = [...native.cases, measureOurs()].sort((a, b) => a.medianNs - b.medianNs);
    const machine = describeMachine();
    const inner = narrower(output);
    const lines = [...renderCosts(cases, inner), '', ...wrap(machineLine(machine), inner.width)];
    for (const { name, reason } of native.notAvailable)
      lines.push(...wrap(`${name}: ${reason}`, inner.width));
    return { lines, facts: { machine, cases, notAvailable: native.notAvailable } };
  },
};

/** The pair that the native row times: one block from the cache and back. */
function measureOurs(): CostCase {
  using heap = Heap.create({ source: mmapWindow({ name: 'chunkyard tour' }) });
  const loop = (operations: number): void => {
    for (let i = 0; i < operations; i++) heap.free(heap.malloc(32));
  };
  return measureLoop(ours, loop, { batches });
}

function renderCosts(cases: readonly CostCase[], output: Output): string[] {
  const base = cases.find((one) => one.name === 'malloc-free-32');
  return output.table(
    [
      { title: 'one operation' },
      { title: 'least', align: 'right' },
      { title: 'median', align: 'right' },
      { title: 'in mallocs', align: 'right' },
    ],
    cases.map(({ name, minNs, medianNs, unstable }) => [
      rows[name],
      duration(minNs),
      duration(medianNs) + (unstable ? ' ~' : '  '),
      base === undefined ? '-' : times(medianNs / base.medianNs),
    ]),
  );
}

function machineLine({
  cpu,
  cpus,
  virtualised,
  kernel,
  architecture,
  node,
  ...rest
}: ReturnType<typeof describeMachine>): string {
  const huge = rest.transparentHugePages === null ? '' : `, huge pages: ${rest.transparentHugePages}`;
  return (
    `on ${cpu}, ${cpus} CPUs${virtualised ? ', virtual machine' : ''}; ${kernel} ${architecture}, ` +
    `pages of ${rest.pageBytes} bytes${huge}; Node ${node}. A ~ marks a median that is not steady (95 % interval ` +
    'wider than a tenth of it); "in mallocs": how many native malloc and free pairs fit into the same time.'
  );
}
