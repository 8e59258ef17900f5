/** The native part of sharing, native/region.cc, under ThreadSanitizer: no data race, and the tool sees one that is put in. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../helpers/child.ts';
import { runProgram } from '../helpers/programs.ts';
import { isSanitized } from '../helpers/sanitized.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const flags = ['-std=c++17', '-g', '-O1', '-fno-exceptions', '-fsanitize=thread', '-pthread'];
const folder = temporaryFolder();
process.on('exit', () => folder[Symbol.dispose]());

function build(region: string, name: string): { status: number | null; program: string } {
  const program = folder.file(name);
  const include = `-I${join(root, 'native')}`;
  const sources = [join(root, 'test/death/cases/region-threads.cc'), region];
  return { status: runProgram('c++', [...flags, include, ...sources, '-o', program]).status, program };
}

const sound = build(join(root, 'native/region.cc'), 'region-threads');

/** Two sanitizers do not go into one process, and this one cannot start where the kernel scatters mappings too far. */
const canRun =
  !isSanitized &&
  sound.status === 0 &&
  !runProgram(sound.program).stderr.includes('unexpected memory mapping');

describe.runIf(canRun)('ranges shared by 8 threads', () => {
  it('are free of data races', () => {
    const { status, stdout, stderr } = runProgram(sound.program);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^found \d{3,} gone \d{2,} released \d{3,} deaths \d{3,}\n$/);
  });

  it('would not be without the lock', () => {
    const text = readFileSync(join(root, 'native/region.cc'), 'utf8');
    const lock = 'const std::lock_guard<std::mutex> hold(Lock());';
    expect(text).toContain(lock);
    const file = folder.file('region-unlocked.cc');
    writeFileSync(file, text.replaceAll(lock, ''));
    // The first race has to end it: after it, containers are broken, and some runs never end.
    const env = { ...process.env, TSAN_OPTIONS: 'halt_on_error=1' };
    const { status, stderr } = runProgram(build(file, 'region-unlocked').program, [], { env });
    expect([status === 0, stderr.includes('data race')]).toEqual([false, true]);
  });
});
