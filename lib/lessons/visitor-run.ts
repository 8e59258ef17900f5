/** Runs lesson 8's child once and brings back what it said, how it ended, and the arena before and after. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pageSize } from '../posix/index.ts';
import type { ChildEnding } from './step.ts';
import { visitorChild } from './visitor-child.ts';
import type { ChildLine, Defence, VisitorPlan } from './visitor-plan.ts';

/** Pages of the arena. */
const arenaPages = 4;

/** One run. */
export interface VisitorRun {
  plan: VisitorPlan;
  said: string[];
  /** The byte that could not be written, where there is one. */
  fault: string | null;
  /** Calls that came back, as the visitor's voice counts them; null when none did. */
  called: number | null;
  /** Why it did not call; null when it did, or died. */
  stopped: string | null;
  before: Buffer;
  after: Buffer;
  ending: ChildEnding;
}

/** @throws Error when the child says nothing that can be used */
export async function runVisitor(defence: Defence, name: 'short' | 'long'): Promise<VisitorRun> {
  const folder = mkdtempSync(join(tmpdir(), 'chunkyard-lesson-'));
  try {
    const file = join(folder, 'arena');
    writeFileSync(file, new Uint8Array(arenaPages * pageSize()));
    const { ending, stdout, stderr } = await runChild([file, defence, name]);
    const lines = stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as ChildLine);
    const first = <K extends string>(key: K): Extract<ChildLine, Record<K, unknown>> | undefined =>
      lines.find((line): line is Extract<ChildLine, Record<K, unknown>> => key in line);
    const plan = first('plan')?.plan;
    if (plan === undefined)
      throw new Error(`the child process ended early: ${stderr.trim() || ending.signal}`);
    return {
      plan,
      said: lines.flatMap((line) => ('say' in line ? [line.say] : [])),
      fault: first('fault')?.fault ?? null,
      called: first('called')?.called ?? null,
      stopped: first('stopped')?.stopped ?? null,
      before: readFileSync(`${file}.before`),
      after: readFileSync(file),
      ending,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runChild(args: string[]): Promise<{ ending: ChildEnding; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [visitorChild, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (exitCode, signal) =>
      resolve({ ending: { pid: child.pid ?? null, exitCode, signal }, stdout, stderr }),
    );
  });
}
