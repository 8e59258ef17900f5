/** Runs one demonstration in a process of its own and judges how it ended. */
import { spawn } from 'node:child_process';
import type { FaultPolicy } from '../../core/index.ts';
import { type ChildEnd, type ChildLine, demoChild } from './demo-child.ts';
import type { Demo } from './demos.ts';
import { goesOn } from './demos.ts';

/** How a demonstration went. */
export interface DemoResult {
  name: string;
  title: string;
  policy: FaultPolicy;
  /** It ended as it should. */
  asExpected: boolean;
  signal: string | null;
  exitCode: number | null;
  /** What it said it was doing. */
  said: string[];
  error: ChildEnd['error'];
  /** The first report as text. */
  report: string[];
  /** The same as documents, from CHUNKYARD_REPORT_FD where the process died. */
  faults: object[];
}

/** Where the child writes reports as JSON. */
const reportFd = 3;

/**
 * @param demo what is committed
 * @param policy what a hit does
 * @returns how it ended; a signal is a result, not an error
 */
export function runDemo(demo: Demo, policy: FaultPolicy): Promise<DemoResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [demoChild, demo.name, policy], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '', CHUNKYARD_REPORT_FD: String(reportFd) },
    });
    const text = ['', '', '', ''];
    for (const fd of [1, 2, reportFd]) {
      child.stdio[fd]!.on('data', (piece: Buffer) => {
        text[fd] += piece.toString('utf8');
      });
    }
    child.on('error', reject);
    child.on('close', (exitCode, signal) =>
      resolve(
        judge(demo, policy, { exitCode, signal, stdout: text[1], stderr: text[2], reports: text[reportFd] }),
      ),
    );
  });
}

interface Ending {
  exitCode: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
  reports: string;
}

function judge(demo: Demo, policy: FaultPolicy, ending: Ending): DemoResult {
  const lines = linesOf(ending.stdout) as ChildLine[];
  const said = lines.flatMap((line) => ('say' in line ? [line.say] : []));
  const end = lines.flatMap((line) => ('end' in line ? [line.end] : [])).at(0);
  const { name, title } = demo;
  const { exitCode, signal } = ending;
  return {
    ...{ name, title, policy, asExpected: isExpected(demo, policy, ending, end), signal, exitCode, said },
    error: end?.error ?? null,
    report: end === undefined ? ending.stderr.trimEnd().split('\n') : (end.reports[0] ?? []),
    faults: end === undefined ? (linesOf(ending.reports) as object[]) : end.faults,
  };
}

const linesOf = (text: string): unknown[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

function isExpected(demo: Demo, policy: FaultPolicy, ending: Ending, end: ChildEnd | undefined): boolean {
  const { signal, exitCode } = ending;
  const lived = exitCode === 0 && end !== undefined;
  if (demo.ends === 'nothing') return lived && end.error === null && end.faults.length === 0;
  if (demo.ends === 'exception') return lived && end.error !== null;
  if (goesOn(policy)) return lived && end.error === null && end.faults.length > 0;
  if (policy === 'throw') return lived && end.error?.code === 'ERR_MEMORY_FAULT';
  const signals = demo.ends === 'slack' ? ['SIGABRT'] : ['SIGSEGV', 'SIGBUS'];
  return signal !== null && signals.includes(signal);
}
