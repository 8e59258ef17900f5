/** Guard pages that end the process or a function, and the handlers of others. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root, runCase } from '../helpers/child.ts';
import { runProgram } from '../helpers/programs.ts';
import { sanitizer } from '../helpers/sanitized.ts';

const folder = mkdtempSync(join(tmpdir(), 'chunkyard-guard-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** macOS reports protection faults as SIGBUS too. */
const faultSignals = process.platform === 'darwin' ? ['SIGBUS', 'SIGSEGV'] : ['SIGSEGV'];

async function die(...args: string[]) {
  const env = { CHUNKYARD_REPORT_FD: '1' };
  const { stdout, stderr, signal } = await runCase('test/death/cases/guard-die.mjs', { args, env });
  expect(faultSignals).toContain(signal);
  return { json: JSON.parse(stdout), text: stderr };
}

describe('policy die', () => {
  it.each(['main', 'worker'])('reports with stack and sites, then the true signal: %s', async (thread) => {
    const { json, text } = await die('loop', thread);
    const lines = text.split('\n');
    expect(lines[0]).toMatch(
      /^==\d+==ERROR: chunkyard: heap-buffer-overflow: WRITE at 0x[0-9a-f]+ \("dying", \+0x2000\)$/,
    );
    expect(lines[1]).toMatch(
      /^ {2}3 bytes past the end of 61-byte allocation #1042 \[0x.*\), slack of 3 bytes before/,
    );
    expect(lines[2]).toMatch(
      thread === 'main' ? /^ {2}thread main \(tid \d+\)/ : /^ {2}thread worker 1 \(tid/,
    );
    expect(text).toMatch(/JS stack .*\n {4}at parsePacket \(.*guard-die\.mjs:\d+:\d+\)\n {4}at loop/);
    expect(text).toMatch(
      /allocated \d+ ms earlier by thread .*:\n {4}at open \(app\.js:40:12\)\n {4}at main/,
    );
    expect(text).toMatch(/SUMMARY: heap-buffer-overflow at parsePacket .*\n==\d+==ABORTING\n$/);
    const name = thread === 'main' ? 'main' : 'worker 1';
    expect(json).toMatchObject({
      format: 'chunkyard-fault 1',
      kind: 'heap-buffer-overflow',
      access: 'write',
    });
    expect(json).toMatchObject({ distanceBytes: 3, thread: name, policy: 'die', offsetBytes: 0x2000 });
    expect(json.block).toMatchObject({
      pointer: 0x1fc0,
      sizeBytes: 61,
      state: 'live',
      slackBytes: 3,
      freedAt: null,
    });
    expect(json.block.allocatedAt).toEqual(['at open (app.js:40:12)', 'at main (app.js:50:1)']);
    expect(json.jsStack[0]).toContain('at parsePacket (');
  });

  it('names a freed block with both sites', async () => {
    const { json, text } = await die('freed');
    expect(text).toMatch(/use-after-free: READ/);
    expect(text).toMatch(/4 bytes into freed 61-byte allocation #1042/);
    expect(text).toMatch(/freed \d+ ms earlier by thread main:\n {4}at close \(app\.js:60:3\)/);
    expect(json).toMatchObject({ kind: 'use-after-free', distanceBytes: null, block: { state: 'freed' } });
  });

  it('ends a process whose native code comes to no safepoint', async () => {
    const { json, text } = await die('native');
    expect(text).not.toContain('JS stack');
    expect(json).toMatchObject({ access: 'read', jsStack: null });
  });

  it('is what policy throw does where no guard.run is', async () => {
    expect((await die('throw')).json).toMatchObject({ policy: 'throw', distanceBytes: 3 });
  });
});

describe('policy throw', () => {
  it.each([
    ['as it is', []],
    ['under a collector that always compacts', ['--stress-compaction', '--gc-interval=5000']],
    ['without compiled code', ['--jitless']],
  ])('ends functions in every place with an exception, main thread and worker: %s', async (_, nodeArgs) => {
    const { stdout, stderr, signal } = await runCase('test/death/cases/guard-throw.mjs', { nodeArgs });
    expect({ signal, stderr: stderr.replace(/^Warning: disabling flag.*\n/gm, '') }).toEqual({
      signal: null,
      stderr: '',
    });
    const { rounds, main, worker } = JSON.parse(stdout);
    for (const result of [main, worker]) {
      expect(result.failures).toEqual([]);
      expect(result).toMatchObject({
        caught: rounds * result.cases,
        value: 42,
        passed: 'SyntaxError',
        finallyRan: false,
      });
    }
  });
});

describe('threads', () => {
  const run = (policy: string) => runCase('test/death/cases/guard-threads.mjs', { args: [policy] });

  it('a worker can be terminated while hits end its functions; a thread of the pool is recorded', async () => {
    const { stdout, stderr, signal } = await run('record');
    expect({ signal, stderr }).toEqual({ signal: null, stderr: '' });
    const { terminated, rangesLeft, fault } = JSON.parse(stdout);
    expect(terminated).toEqual(Array.from({ length: 10 }, () => 1));
    expect(rangesLeft).toBe(1);
    expect(fault).toEqual({ thread: 'native', access: 'read', jsStack: null, kind: 'guard-page' });
  });

  it.each(['die', 'throw'])(
    'a thread that runs no JavaScript reports and dies at once: %s',
    async (policy) => {
      const { stderr, signal } = await run(policy);
      expect(faultSignals).toContain(signal);
      expect(stderr).toMatch(/guard-page: READ at .*\n.*\n {2}thread native \(tid \d+\), .* in a library\n/);
    },
  );
});

describe('handlers of others', () => {
  const library = join(folder, 'foreign.so');
  beforeAll(() => {
    const source = join(root, 'test/death/cases/foreign-handler.c');
    const stay = process.platform === 'linux' ? ['-Wl,-z,nodelete'] : [];
    const { status, stderr } = runProgram('cc', ['-shared', '-fPIC', ...stay, '-o', library, source]);
    expect(status, `${stderr}`).toBe(0);
  });

  const run = async (handler: string, ...steps: string[]) => {
    const args = [library, ...steps];
    const { stdout, code, signal } = await runCase('test/death/cases/guard-chain.mjs', {
      args,
      env: { FOREIGN_HANDLER: handler, LD_PRELOAD: process.env.LD_PRELOAD ?? '' },
      timeoutMs: 20_000,
    });
    return { stdout, end: signal ?? code };
  };

  it('a one-shot handler before us is called once, and does not loop', async () => {
    const { stdout, end } = await run('one-shot', 'foreign', 'guard', 'hit', 'wild');
    expect(stdout).toBe('hits 1\none-shot\n');
    expect(faultSignals).toContain(end);
  });

  it('an ordinary handler before us gets what is not ours', async () => {
    expect(await run('exit', 'foreign', 'guard', 'hit', 'wild')).toEqual({
      stdout: 'hits 1\nleave\n',
      end: 7,
    });
    expect(await run('exit', 'foreign', 'guard', 'hit', 'kill')).toEqual({
      stdout: 'hits 1\nleave\n',
      end: 7,
    });
  });

  it('a handler after us that hands on to us: hits are recorded, status tells', async () => {
    const { stdout, end } = await run('chain', 'guard', 'foreign', 'hit', 'status', 'wild');
    expect(stdout).toBe('chain\nhits 1\nin force false, other before other, warnings 2\nchain\n');
    expect(faultSignals).toContain(end);
  });

  it('a handler after us stays when the last guard goes, and ours stays callable for it', async () => {
    const { stdout, end } = await run('chain', 'guard', 'foreign', 'release', 'wild');
    expect(stdout).toBe('chain\n');
    expect(faultSignals).toContain(end);
  });

  it('reinstall puts us first again, and nothing goes in circles', async () => {
    const { stdout, end } = await run('chain', 'guard', 'foreign', 'reinstall', 'status', 'hit', 'wild');
    expect(stdout).toBe('in force true, ours before other, warnings 0\nhits 1\nchain\n');
    expect(faultSignals).toContain(end);
  });

  it('a handler that takes all: status warns, reinstall helps', async () => {
    const { stdout, end } = await run('exit', 'guard', 'foreign', 'status', 'reinstall', 'hit', 'wild');
    expect(stdout).toBe('in force false, other before other, warnings 2\nhits 1\nleave\n');
    expect(end).toBe(7);
  });

  it('a listener of process.on is warned of, before it hangs the process', async () => {
    const { stdout, end } = await run('chain', 'guard', 'listen', 'status', 'reinstall', 'hit', 'release');
    expect(stdout).toMatch(/^in force false, other before other, warnings 1\nhits 1\n/);
    expect(end).toBe(0);
  });

  it('without anybody, what is not ours ends the process by its signal; an accessor leaves nothing behind', async () => {
    for (const last of ['wild', 'kill']) {
      const { stdout, end } = await run('none', 'guard', 'hit', 'peek', 'release', 'peek', last);
      expect(stdout).toBe('hits 1\nERR_MEMORY_FAULT\nERR_MEMORY_FAULT\n');
      expect(faultSignals).toContain(end);
    }
  });

  it.runIf(sanitizer === 'asan')('the sanitizer gets what is not ours', async () => {
    const { stderr } = await runCase('test/death/cases/guard-chain.mjs', {
      args: [library, 'guard', 'hit', 'wild'],
      // Node's own handler would come before.
      nodeArgs: ['--disable-wasm-trap-handler'],
      env: { ASAN_OPTIONS: 'detect_leaks=0:allow_user_segv_handler=1' },
    });
    expect(stderr).toContain('AddressSanitizer: SEGV on unknown address');
  });
});
