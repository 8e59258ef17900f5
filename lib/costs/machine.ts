/** The machine that a number was measured on: without this a cost means nothing. */
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, machine as machineName, release, type } from 'node:os';
import { KiB } from '../core/index.ts';
import { cycleCounter, pageSize, timedCases } from '../posix/index.ts';

/** What is printed beside every table of costs. */
export interface Machine {
  cpu: string;
  /** Logical CPUs this process may use. */
  cpus: number;
  /** True or false where the CPU tells (x86), else null. */
  virtualised: boolean | null;
  /** System and release: `Linux 6.1.0`. */
  kernel: string;
  /** `x86_64`, `aarch64`, ... */
  architecture: string;
  pageBytes: number;
  /** Transparent huge pages: `always`, `madvise`, `never`; null where there is no such thing. */
  transparentHugePages: string | null;
  /** Version of Node. */
  node: string;
  /** The counter that `minTicks` counts in; null where a program may not read one. */
  cycleCounter: { name: string; hertz: number } | null;
  /** What malloc's threshold is fixed at for the cases by mapping; null where nothing can fix it. */
  mallocThresholdBytes: number | null;
}

/** @returns what can be told about this machine without any tool */
export function describeMachine(): Machine {
  const processor = readText('/proc/cpuinfo');
  const flags = /^flags\s*:(.*)$/m.exec(processor)?.[1];
  return {
    cpu: cpus()[0]?.model.trim() || arch(),
    cpus: availableParallelism(),
    virtualised: flags === undefined ? null : / hypervisor(?: |$)/.test(flags),
    kernel: `${type()} ${release()}`,
    architecture: machineName(),
    pageBytes: pageSize(),
    transparentHugePages:
      /\[(\w+)\]/.exec(readText('/sys/kernel/mm/transparent_hugepage/enabled'))?.[1] ?? null,
    node: process.version,
    cycleCounter: cycleCounter(),
    mallocThresholdBytes: timedCases().includes('malloc-free-1m-mmap') ? 128 * KiB : null,
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
