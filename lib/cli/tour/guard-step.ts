/** Step 4: a block is overrun into a page without access, in a child process, and the signal is seen from here. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hex } from '../../core/index.ts';
import { pageSize } from '../../posix/index.ts';
import { Disappointment } from '../failure.ts';
import type { Output } from '../output.ts';
import { wrap } from '../words.ts';
import { arenaPages, type OverflowPlan, overflowByte, overflowChild } from './overflow-child.ts';
import type { StepReport, TourStep } from './step.ts';

/** The step. */
export const guardStep: TourStep = {
  name: 'guard',
  title: 'Run off the end of a block',
  explanation:
    'The page behind this arena has no access (PROT_NONE): a guard page. A child process writes past the end of ' +
    'its last block, byte by byte, in plain JavaScript. The arena is a shared file, so what it wrote outlives it.',
  run: async (output) => {
    const folder = mkdtempSync(join(tmpdir(), 'chunkyard-'));
    try {
      const file = join(folder, 'arena');
      writeFileSync(file, new Uint8Array((arenaPages + 1) * pageSize()));
      const end = await runChild(file);
      return report(end, readFileSync(file), output);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** How the child ended. */
interface ChildEnd {
  plan: OverflowPlan;
  signal: string | null;
  code: number | null;
}

function runChild(file: string): Promise<ChildEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [overflowChild, file], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    let said = '';
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const plan = said.split('\n')[0];
      if (plan === '')
        reject(new Disappointment(`the child process said nothing (${complaint.trim() || signal || code})`));
      else resolve({ plan: JSON.parse(plan) as OverflowPlan, signal, code });
    });
  });
}

function report({ plan, signal, code }: ChildEnd, arena: Uint8Array, output: Output): StepReport {
  const { blockOffset, blockAddress, usableBytes, askedBytes, guardAddress } = plan;
  let end = blockOffset;
  while (end < arena.length && arena[end] === overflowByte) end++;
  const at = (offset: number): string => hex(BigInt(blockAddress) + BigInt(offset));
  const facts: [string, string][] = [
    ['block', `${blockAddress}, ${askedBytes} bytes asked for, ${usableBytes} usable`],
    ['asked-for bytes end', at(askedBytes)],
    ['guard page begins', guardAddress],
    ['last byte written', `${at(end - 1 - blockOffset)}, byte ${end - blockOffset} of the block`],
    [
      'then',
      signal === null ? `it ended with code ${code}` : `the process died of ${output.palette.bad(signal)}`,
    ],
  ];
  const unseen = end - blockOffset - askedBytes;
  return {
    lines: [
      ...facts.map(([name, value]) => `${name.padEnd(20)}  ${value}`),
      '',
      ...wrap(
        `${unseen} bytes too many went unseen: they fell into the rounding behind the block. The next one met ` +
          'the guard page, and the store itself was stopped, before it could do harm.',
        output.width - 2,
      ),
    ],
    facts: {
      ...plan,
      bytesWritten: end - blockOffset,
      lastByteAddress: at(end - 1 - blockOffset),
      signal,
      exitCode: code,
    },
  };
}
