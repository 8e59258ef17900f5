/** What really must crash, in a process of its own: the signal says why. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCase } from '../helpers/child.ts';

const folder = mkdtempSync(join(tmpdir(), 'chunkyard-death-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** macOS reports protection faults as SIGBUS too. */
const protectionFault = process.platform === 'darwin' ? ['SIGBUS', 'SIGSEGV'] : ['SIGSEGV'];

describe('a store that the page forbids ends the process', () => {
  it('in a guard page', async () => {
    const { signal, stdout } = await runCase('test/death/cases/write-to-guard.mjs');
    expect(stdout).toBe('wrote the last byte before the guard\n');
    expect(protectionFault).toContain(signal);
  });

  it('in a hole of a heap, which can be read', async () => {
    const { signal, stdout } = await runCase('test/death/cases/write-to-hole.mjs');
    expect(stdout).toBe('in the window true, reads 0\n');
    expect(protectionFault).toContain(signal);
  });

  it('in a read-only file mapping', async () => {
    const { signal, stdout } = await runCase('test/death/cases/write-to-read-only.mjs');
    expect(stdout).toBe('read true\n');
    expect(protectionFault).toContain(signal);
  });
});

describe('an access the page forbids ends the process', () => {
  it('when the bytes of closed pages are printed', async () => {
    const { signal, stdout } = await runCase('test/death/cases/print-closed.mjs');
    expect(stdout).toBe('none true\n');
    expect(protectionFault).toContain(signal);
  });

  it('behind the last page of a file', async () => {
    const { signal, stdout } = await runCase('test/death/cases/behind-file-end.mjs', {
      args: [join(folder, 'short')],
    });
    expect(stdout).toBe('behind the end, same page: 0\n');
    expect(signal).toBe('SIGBUS');
  });
});

describe('a file that is truncated under its mapping', () => {
  it('is SIGBUS at the next access to a page that is gone, and only there', async () => {
    const { signal, stdout } = await runCase('test/death/cases/truncated-file.mjs', {
      args: [join(folder, 'truncated')],
    });
    expect(stdout).toBe('first page reads 0\n');
    expect(signal).toBe('SIGBUS');
  });
});
