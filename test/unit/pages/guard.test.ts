/** `guard`: native accesses, hits that are recorded, events; and that nothing is left of it. */
import { afterEach, describe, expect, it } from 'vitest';
import { ArgumentError, type MemoryFault, MemoryFaultError } from '../../../lib/core/index.ts';
import { GuardedPages, type GuardedPagesOptions, guard } from '../../../lib/pages/index.ts';
import { internSite, isSupported } from '../../../lib/posix/index.ts';

const made: GuardedPages[] = [];

/** Two open pages between guards, one block of 100 bytes at their end. */
function twoPages(options: Partial<GuardedPagesOptions> = {}): GuardedPages {
  const pages = GuardedPages.create({ lengthBytes: 1 << 22, policy: 'record', maxBlocks: 4, ...options });
  made.push(pages);
  const page = pages.pageSizeBytes;
  pages.open(page, 2 * page);
  pages.own(0, 4 * page, 0);
  const site = internSite('at parse (app.js:1:2)\nat main (app.js:3:4)');
  pages.blocks.setLive(0, { start: 3 * page - 100, sizeBytes: 96, slackBytes: 4, number: 7, site });
  return pages;
}

function caught(callee: () => void): MemoryFaultError {
  try {
    callee();
  } catch (error) {
    if (error instanceof MemoryFaultError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

afterEach(() => {
  for (const pages of made.splice(0)) pages.release();
});

describe('native accesses', () => {
  it('read and write integers of every width in the machine order', () => {
    const pages = twoPages();
    const at = pages.address + BigInt(pages.pageSizeBytes) + 1n;
    for (const width of [1, 2, 4] as const) {
      const value = 2 ** (8 * width) - 2;
      guard.poke(at, value, width);
      expect(guard.peek(at, width)).toBe(value);
    }
    guard.poke(at, 0xfedc_ba98_7654_3210n, 8);
    expect(guard.peek(at, 8)).toBe(0xfedc_ba98_7654_3210n);
    expect(guard.peek(at)).toBe(0x10);
  });

  it('copy, fill and measure strings', () => {
    const pages = twoPages();
    const at = pages.address + BigInt(pages.pageSizeBytes);
    guard.memset(at, 0x61, 5);
    expect(guard.strlen(at)).toBe(5);
    guard.strcpy(at + 100n, at);
    guard.memcpy(at + 200n, at + 100n, 3);
    expect([guard.strlen(at + 100n), guard.strlen(at + 200n)]).toEqual([5, 3]);
  });

  it('become an exception at the first bad byte; what was done before stays done', () => {
    const pages = twoPages();
    const end = pages.address + BigInt(3 * pages.pageSizeBytes);
    const error = caught(() => guard.memset(end - 8n, 9, 20));
    expect(error).toMatchObject({ code: 'ERR_MEMORY_FAULT', address: end, access: 'write' });
    expect(error).toMatchObject({ kind: 'heap-buffer-overflow', distanceBytes: 4 });
    expect(error.block).toEqual({ pointer: 3 * pages.pageSizeBytes - 100, sizeBytes: 96, state: 'live' });
    expect(error.allocatedAt).toBe('at parse (app.js:1:2)\nat main (app.js:3:4)');
    expect(error.message).toContain('4 bytes past the end of 96-byte allocation #7');
    expect(guard.peek(end - 1n)).toBe(9);
    // The page stayed closed.
    expect(caught(() => guard.peek(end)).access).toBe('read');
  });

  it('catch a string that runs on', () => {
    const pages = twoPages();
    const end = pages.address + BigInt(3 * pages.pageSizeBytes);
    guard.memset(end - 300n, 0x41, 300);
    expect(caught(() => guard.strlen(end - 300n)).address).toBe(end);
    const error = caught(() => guard.strcpy(end - 10n, end - 300n));
    expect([error.address, error.access]).toEqual([end, 'write']);
  });

  it('name a freed block, and where it was freed', () => {
    const pages = twoPages();
    const page = pages.pageSizeBytes;
    pages.blocks.setFreed(0, internSite('at release (app.js:9:9)'));
    pages.close(page, 2 * page);
    const error = caught(() => guard.peek(pages.address + BigInt(3 * page - 98)));
    expect(error).toMatchObject({ kind: 'use-after-free', distanceBytes: null });
    expect(error).toMatchObject({ freedAt: 'at release (app.js:9:9)' });
    expect(error.message).toContain('2 bytes into freed 96-byte allocation #7');
  });

  it('take any address, also where nothing was ever guarded', () => {
    for (const address of [0, 1, 4095n, 2n ** 63n, 2n ** 64n - 1n]) {
      expect(caught(() => guard.peek(address))).toMatchObject({ kind: 'wild-access', block: null });
    }
  });

  it('refuse arguments that cannot be meant', () => {
    const bad = [-1, 1.5, Number.NaN, 2 ** 53, -1n, 2n ** 64n, '1', undefined] as never[];
    for (const value of bad) {
      expect(() => guard.peek(value)).toThrow(ArgumentError);
      expect(() => guard.isReadable(value)).toThrow(ArgumentError);
      expect(() => guard.memcpy(value, 0, 1)).toThrow(ArgumentError);
    }
    expect(() => guard.peek(0, 3 as never)).toThrow(ArgumentError);
    expect(() => guard.poke(0, 256)).toThrow(ArgumentError);
    expect(() => guard.memset(0, 256, 1)).toThrow(ArgumentError);
    expect(() => guard.run(1 as never)).toThrow(ArgumentError);
    expect(() => guard.onFault(1 as never)).toThrow(ArgumentError);
    expect(() => guard.faults({ since: -1 })).toThrow(ArgumentError);
  });
});

describe('isReadable', () => {
  it('tells without a hit', () => {
    const pages = twoPages();
    const page = pages.pageSizeBytes;
    const before = guard.faultCount;
    const at = (pageNumber: number): bigint => pages.address + BigInt(pageNumber * page);
    expect(guard.isReadable(at(1), 2 * page)).toBe(true);
    expect(guard.isReadable(at(1), 2 * page + 1)).toBe(false);
    expect(guard.isReadable(at(0))).toBe(false);
    expect(guard.isReadable(at(1) - 1n, 2)).toBe(false);
    expect(guard.isReadable(0n, 0)).toBe(true);
    expect(guard.isReadable(2n ** 64n - 1n, 2)).toBe(false);
    expect(guard.faultCount).toBe(before);
  });
});

describe('a hit that is recorded', () => {
  it('lets the access land, is told with all that is known, and its page is closed again', () => {
    const pages = twoPages({ method: 'mprotect' });
    const page = pages.pageSizeBytes;
    const since = guard.faultCount;
    pages.bytes[3 * page + 5] = 42;
    const [fault, ...more] = guard.faults({ since, rangeId: pages.id });
    expect(more).toEqual([]);
    expect(fault).toMatchObject({ access: 'write', offsetBytes: 3 * page + 5, distanceBytes: 9 });
    expect(fault).toMatchObject({ thread: 'main', policy: 'record', signal: 'SIGSEGV', signalCode: 2 });
    expect(fault.jsStack).toContain('guard.test.ts');
    pages.rearm();
    expect([pages.isOpen(3 * page), pages.openedByHits]).toEqual([false, 0]);
    // By mprotect: what was written is still there.
    pages.open(3 * page, page);
    expect(pages.bytes[3 * page + 5]).toBe(42);
  });

  it('is completed by the owner of the range, once', () => {
    let calls = 0;
    const complete = (fault: MemoryFault): MemoryFault => ({ ...fault, kind: `${++calls}` as never });
    const pages = twoPages({ complete });
    const since = guard.faultCount;
    pages.bytes[0] = 1;
    expect(guard.faults({ since })[0].kind).toBe('1');
    expect(guard.faults({ since })[0].kind).toBe('1');
    expect(caught(() => guard.peek(pages.address)).kind).toBe('2');
  });

  it('is told as an event, until the listener is taken off', async () => {
    const pages = twoPages();
    const heard: number[] = [];
    const stop = guard.onFault((fault) => heard.push(fault.offsetBytes));
    const second = new Promise((resolve) => {
      const stopOnce = guard.onFault((fault) => {
        stopOnce();
        resolve(fault.offsetBytes);
      });
    });
    pages.bytes[3] = 1;
    expect(await second).toBe(3);
    expect(heard).toEqual([3]);
    stop();
    pages.bytes[4] = 1;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(heard).toEqual([3]);
  });

  it.runIf(isSupported('guardInstall'))('is each single access under policy trace', () => {
    const { policies } = guard.status();
    if (!policies.trace) return;
    const pages = twoPages({ policy: 'trace' });
    const since = guard.faultCount;
    const guardPage = pages.bytes.subarray(0, 64);
    for (let i = 0; i < 40; i++) guardPage[i] = i;
    const offsets = guard.faults({ since }).map((fault) => fault.offsetBytes);
    expect(offsets).toEqual(Array.from({ length: 40 }, (_, i) => i));
    expect(pages.openedByHits).toBe(0);
  });
});

describe('the handler', () => {
  it('is there with the first guard and gone with the last', () => {
    const before = guard.status();
    const pages = twoPages();
    const other = twoPages({ policy: 'die' });
    expect(guard.status()).toMatchObject({ inForce: true, ranges: before.ranges + 2, warnings: [] });
    pages.release();
    pages.release();
    expect(guard.status().inForce).toBe(true);
    other.release();
    expect(guard.status().signals).toEqual(before.signals);
    expect(() => guard.reinstall()).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });
});
