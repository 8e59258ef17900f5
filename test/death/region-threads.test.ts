/** The native part of sharing, native/region.cc, under ThreadSanitizer: no data race, and the tool sees one that is put in. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../helpers/child.ts';
import { runProgram } from '../helpers/programs.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { buildWatched, canWatch } from '../helpers/thread-sanitizer.ts';

const folder = temporaryFolder();
process.on('exit', () => folder[Symbol.dispose]());

function build(region: string, name: string): string | undefined {
  const program = folder.file(name);
  const sources = [join(root, 'test/death/cases/region-threads.cc'), region];
  return buildWatched('c++', program, ['-std=c++17', '-fno-exceptions', ...sources]) ? program : undefined;
}

const sound = build(join(root, 'native/region.cc'), 'region-threads');

describe.runIf(sound !== undefined && canWatch(sound))('ranges shared by 8 threads', () => {
  it('are free of data races', () => {
    const { status, stdout, stderr } = runProgram(`${sound}`);
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
    const { status, stderr } = runProgram(`${build(file, 'region-unlocked')}`, [], { env });
    expect([status === 0, stderr.includes('data race')]).toEqual([false, true]);
  });
});
