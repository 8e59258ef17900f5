/** The recorder under ThreadSanitizer: many threads write one log without a data race, and the tool sees one that is put in. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../helpers/child.ts';
import { runProgram } from '../helpers/programs.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { buildWatched, canWatch } from '../helpers/thread-sanitizer.ts';

const folder = temporaryFolder();
process.on('exit', () => folder[Symbol.dispose]());

const tools = join(root, 'native/tools');
const names = ['malloc', 'calloc', 'realloc', 'free', 'posix_memalign', 'aligned_alloc'];
const others = ['memalign', 'valloc', 'pvalloc', 'reallocarray'];

function build(name: string, log: string): string | undefined {
  const object = folder.file(`${name}.o`);
  const renamed = [...names, ...others].map((call) => `-D${call}=recorded_${call}`);
  const common = ['-std=gnu11', '-w', `-I${tools}`, `-I${join(tools, 'recorder')}`];
  const parts = ['config', 'open', 'real', 'sites', 'thread'].map((part) =>
    join(tools, 'recorder', `${part}.c`),
  );
  const program = folder.file(name);
  const sources = [join(root, 'test/death/cases/recorder-threads.c'), object, log, ...parts, '-ldl'];
  const recorder = [...common, ...renamed, '-c', join(tools, 'recorder.c')];
  const isBuilt =
    buildWatched('cc', object, recorder) && buildWatched('cc', program, [...common, ...sources]);
  return isBuilt ? program : undefined;
}

const log = join(tools, 'recorder/log.c');
const sound = process.platform === 'linux' ? build('recorder-threads', log) : undefined;

/** Runs a program as the recorder's launcher does. @returns the log's header and what was printed */
function record(program: string, wishes: number): { claimed: number; stdout: string; stderr: string } {
  const logs = folder.file(`${program.split('/').at(-1)}-${wishes}`);
  mkdirSync(logs);
  const CHUNKYARD_RECORD = `${process.pid}:${wishes}:1000000::${logs}/`;
  const env = { ...process.env, CHUNKYARD_RECORD, TSAN_OPTIONS: 'halt_on_error=1' };
  const { stdout, stderr } = runProgram(program, [], { env });
  const [file] = readdirSync(logs).filter((name) => !name.endsWith('.maps'));
  return { claimed: Number(readFileSync(join(logs, file)).readBigUInt64LE(16)), stdout, stderr };
}

describe.runIf(sound !== undefined && canWatch(sound))('a program with 8 threads under the recorder', () => {
  it.each([0, 3])('is free of data races, and every call is in the log: options %i', (wishes) => {
    const { claimed, stdout, stderr } = record(`${sound}`, wishes);
    expect(stderr).toBe('');
    expect(claimed).toBe(Number(stdout));
    expect(claimed).toBeGreaterThan(32_000);
  });

  it('would not be if records were claimed by plain adds', () => {
    const claim = 'atomic_fetch_add_explicit(&header->claimed, 1, memory_order_relaxed)';
    const text = readFileSync(log, 'utf8');
    expect(text).toContain(claim);
    const file = folder.file('log.c');
    writeFileSync(file, text.replace(claim, '(*(uint64_t*)&header->claimed)++'));
    expect(record(`${build('recorder-unlocked', file)}`, 0).stderr).toContain('data race');
  });
});
