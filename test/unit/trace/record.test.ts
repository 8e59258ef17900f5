/**
 * Recording real processes: programs that count their own calls, and programs of this machine. What is recorded is
 * what they did; what they print and leave is what they would have without.
 */
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { bufferWindow, Heap } from '../../../lib/heap/index.ts';
import {
  Opcode,
  type RecordOptions,
  type RecordResult,
  readTrace,
  record,
  replay,
  type Trace,
  traceInfo,
} from '../../../lib/trace/index.ts';
import { compile, hasCompiler, runProgram } from '../../helpers/programs.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const isLinux = process.platform === 'linux';
// Node reads certificates at its start when this is set: a million calls.
delete process.env.NODE_EXTRA_CA_CERTS;
let recordings = 0;

/** Records into the test's folder. */
async function run(options: RecordOptions): Promise<RecordResult & { trace: Trace; output: string }> {
  const output = folder.file(`recording-${recordings++}.cytrace`);
  const result = await record({ output, stdio: 'ignore', ...options });
  return { ...result, output, trace: await readTrace(output) };
}

/** Every call of the family, once or more; blocks have sizes that nobody else asks for. */
const family = `
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(void) {
  char *a = malloc(100001), *c = calloc(3, 33334), *z = malloc(0);
  void *m = memalign(256, 100003), *v = valloc(100004), *p = 0, *al = aligned_alloc(64, 100032);
  posix_memalign(&p, 128, 100005);
  a = realloc(a, 100006);
  char *n = realloc(NULL, 100007);
  a = reallocarray(a, 2, 50004);
  if (malloc((size_t)-1 / 2) || calloc((size_t)-1, 2) || realloc(n, (size_t)-1 / 2)) return 1;
  if (reallocarray(n, (size_t)-1, 16)) return 2;
  free(NULL);
  free(c); free(m); free(v); free(p); free(al); free(z);
  n = realloc(n, 0);
  _exit(7);
}`;

/** Threads take blocks from shared places, resize or free them there; sizes of two last blocks tell the counts. */
const threads = `
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
enum { places = 500 };
static void* shared[places];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long mallocs, reallocs, rounds;
static void* swap(int place, void* block) {
  pthread_mutex_lock(&lock);
  void* before = shared[place];
  shared[place] = block;
  pthread_mutex_unlock(&lock);
  return before;
}
static void* work(void* seed) {
  unsigned s = (unsigned)(size_t)seed * 7919 + 1;
  long made = 0, resized = 0;
  for (long i = 0; i < rounds; i++) {
    s = s * 1103515245 + 12345;
    const int place = (s >> 8) % places;
    void* block = swap(place, NULL);
    if (!block) block = malloc(1 + (s >> 16) % 300), made++;
    else if (s & 64) block = realloc(block, 1 + (s >> 14) % 3000), resized++;
    else free(block), block = NULL;
    free(swap(place, block));
  }
  pthread_mutex_lock(&lock);
  mallocs += made, reallocs += resized;
  pthread_mutex_unlock(&lock);
  return NULL;
}
int main(int count, char** words) {
  pthread_t ids[8];
  const int n = atoi(words[1]);
  rounds = atol(words[2]);
  for (size_t i = 0; i < n; i++) pthread_create(&ids[i], NULL, work, (void*)(i + 1));
  for (int i = 0; i < n; i++) pthread_join(ids[i], NULL);
  return !memalign(64, mallocs) || !memalign(64, reallocs);
}`;

const killed = `
#include <signal.h>
#include <stdlib.h>
int main(void) {
  for (int i = 0; i < 1000; i++) malloc(i);
  calloc(1, 1);
  raise(SIGKILL);
}`;

const forks = `
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void) {
  void* p[100];
  for (int i = 0; i < 100; i++) p[i] = malloc(10 + i);
  if (fork() == 0) {
    for (int i = 0; i < 100; i++) free(p[i]);
    free(malloc(1));
    _exit(0);
  }
  wait(NULL);
  if (syscall(SYS_fork) == 0) { /* no handler of the C library sees this one */
    for (int i = 0; i < 40; i++) p[i] = realloc(p[i], 5000);
    _exit(0);
  }
  wait(NULL);
  if (vfork() == 0) execlp("true", "true", "x", NULL);
  wait(NULL);
  for (int i = 0; i < 100; i++) free(p[i]);
  return 0;
}`;

describe.skipIf(!isLinux || !hasCompiler)('a program that knows what it does', () => {
  test('every call of the family, and an end by _exit', async () => {
    const { trace, exitCode, traces } = await run({ program: compile('family', family) });
    expect(exitCode).toBe(7);
    const calls = [];
    for (let index = 0; index < trace.operationCount; index++) {
      const size = trace.sizes[index];
      if (size < 100_000) continue;
      calls.push(`${String.fromCharCode(trace.opcodes[index])} ${trace.extras[index]} ${size}`);
    }
    const page = Number(runProgram('getconf', ['PAGESIZE']).stdout);
    expect(calls).toEqual([
      ...['a 0 100001', 'c 0 100002', 'm 256 100003', `m ${page} 100004`, 'm 64 100032', 'm 128 100005'],
      ...['r 0 100006', 'a 0 100007', 'r 0 100008'],
    ]);
    expect(traces).toHaveLength(1);
    expect(traces[0]).toMatchObject({
      failedAllocations: 2,
      failedReallocs: 1,
      ended: false,
      foreignFrees: 0,
    });
    // `a` alone is left of them: its last realloc is the last word on it.
    expect(trace.opcodes.filter((opcode) => opcode === Opcode.free).length).toBeGreaterThanOrEqual(8);
  });

  test('threads that pass blocks to each other; their reallocs interleave', async () => {
    const { trace, traces } = await run({ program: compile('threads', threads), args: ['6', '3000'] });
    expect(traces[0]).toMatchObject({ unseenFrees: 0, foreignFrees: 0, foreignReallocs: 0, lostRecords: 0 });
    expect(trace.threadCount).toBe(7);
    const { counts } = traceInfo(trace);
    const told = trace.sizes.filter((_, index) => trace.opcodes[index] === Opcode.memalign);
    expect([...told]).toEqual([counts.a, counts.r]);
    using heap = Heap.create({ source: bufferWindow() });
    expect(replay(trace, heap, { verifyContents: true }).operations).toBe(trace.operationCount);
  });

  test('a process that is killed leaves what it did', async () => {
    const program = compile('killed', killed);
    const { trace, signal, exitCode } = await run({ program });
    expect({ signal, exitCode }).toEqual({ signal: 'SIGKILL', exitCode: null });
    expect(trace).toMatchObject({ operationCount: 1001, liveAtEnd: 1001 });
  });

  test('children: one file each, chosen by name; blocks of the parent are foreign', async () => {
    const program = compile('forks', forks);
    const alone = await run({ program });
    expect(alone.traces).toHaveLength(1);
    expect(alone.trace).toMatchObject({ operationCount: 200, liveAtEnd: 0 });

    const all = await run({ program, follow: true });
    expect(
      all.traces.map(({ forked, foreignFrees, foreignReallocs }) => ({
        forked,
        foreignFrees,
        foreignReallocs,
      })),
    ).toEqual([
      { forked: false, foreignFrees: 0, foreignReallocs: 0 },
      { forked: true, foreignFrees: 100, foreignReallocs: 0 },
      { forked: true, foreignFrees: 0, foreignReallocs: 40 },
      expect.objectContaining({ forked: false }),
    ]);
    expect(all.traces[1].file).toMatch(/\.forks-\d+\.cytrace$/);
    expect(all.traces.at(-1)?.command).toEqual(['true', 'x']);

    const named = await run({ program, follow: ['true'] });
    expect(named.traces.map((one) => one.program)).toEqual(['forks', 'true']);
  });

  test('times and call sites', async () => {
    const { trace } = await run({ program: compile('killed', killed), times: true, sites: true });
    const { timesNs = [], sites = [], siteNames = [] } = trace;
    expect(timesNs).toHaveLength(1001);
    for (let index = 1; index < 1001; index++)
      expect(timesNs[index]).toBeGreaterThanOrEqual(timesNs[index - 1]);
    const places = new Set(sites);
    expect(places.size).toBe(2);
    for (const place of places) expect(siteNames[place]).toMatch(/^killed\+0x[0-9a-f]+$/);
  });

  test('a limit ends the recording, not the program', async () => {
    const { trace, signal, traces } = await run({ program: compile('killed', killed), limitCalls: 1024 });
    expect(signal).toBe('SIGKILL');
    expect(trace.operationCount).toBe(1001);
    const few = await run({ program: compile('threads', threads), args: ['1', '5000'], limitCalls: 1024 });
    expect(few.trace.operationCount).toBeLessThanOrEqual(1024);
    expect(few.traces[0].lostRecords).toBeGreaterThan(1000);
    expect(traces[0].lostRecords).toBe(0);
  });
});

describe.skipIf(!isLinux)('programs of this machine', () => {
  const programs: [string, string[]][] = [
    ['sh', ['-c', 'for i in 1 2 3; do echo $i; done; echo problem >&2; exit 3']],
    ['sort', ['--parallel=2', new URL(import.meta.url).pathname]],
    [process.execPath, ['-e', 'console.log(JSON.stringify(process.versions.v8))']],
  ];

  test.each(programs)('%s prints and leaves what it does without', async (program, args) => {
    const plain = runProgram(program, args);
    const paths = [folder.file('out'), folder.file('err')];
    const [out, err] = paths.map((path) => openSync(path, 'w'));
    const { exitCode, trace, traces } = await run({ program, args, stdio: ['ignore', out, err] });
    for (const file of [out, err]) closeSync(file);
    expect(exitCode).toBe(plain.status);
    expect(paths.map((path) => readFileSync(path, 'utf8'))).toEqual([plain.stdout, plain.stderr]);
    expect(trace.operationCount).toBeGreaterThan(10);
    expect(traces[0].foreignFrees).toBe(0);
    using heap = Heap.create({ source: bufferWindow() });
    expect(replay(trace, heap).operations).toBe(trace.operationCount);
  });

  test('Valgrind counts the same', async (context) => {
    const program = 'sort';
    const args = [new URL(import.meta.url).pathname];
    const log = folder.file('valgrind');
    const valgrind = ['--run-libc-freeres=no', `--log-file=${log}`, program, ...args];
    if (runProgram('valgrind', valgrind).status !== 0) return context.skip();
    const [, allocations, frees, bytes] =
      /usage: ([\d,]+) allocs, ([\d,]+) frees, ([\d,]+) bytes/.exec(readFileSync(log, 'utf8')) ?? [];
    const { traces } = await run({ program, args });
    const counted = [traces[0].allocations, traces[0].frees, traces[0].allocatedBytes];
    expect(counted).toEqual([allocations, frees, bytes].map((text) => Number(text.replaceAll(',', ''))));
  });
});

describe('refused', () => {
  test.each<[string, Partial<RecordOptions>, string]>([
    ['no such program', { program: 'no-such-program-anywhere' }, 'ERR_RECORD_START'],
    ['no name', { program: '' }, 'ERR_INVALID_ARG_VALUE'],
    ['a path to follow', { follow: ['/bin/sh'] }, 'ERR_INVALID_ARG_VALUE'],
    ['no calls', { limitCalls: 0 }, 'ERR_OUT_OF_RANGE'],
  ])('%s', async (_, options, code) => {
    await expect(run({ program: 'true', ...options })).rejects.toMatchObject({ code });
    expect(readdirSync(folder.path).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });
});
