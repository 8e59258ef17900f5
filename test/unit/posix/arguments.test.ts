/** What the addon's converter refuses, before any call is made: by type, by value, by handle. */
import { describe, expect, it } from 'vitest';
import { constants, type NativeMapping, native, pageSize } from '../../../lib/posix/index.ts';
import { rawAnonymous } from '../../helpers/raw-mapping.ts';

const addon = native();
const c = constants();
const page = pageSize();

type Call = (value: never) => unknown;

/** Each kind of argument, at one place where it is taken. */
const sizes: Record<string, Call> = {
  lengthBytes: (value) => addon.mmap(0n, value, c.PROT_NONE, c.MAP_PRIVATE | c.MAP_ANONYMOUS, -1, 0),
  address: (value) => addon.mmap(value, page, c.PROT_NONE, c.MAP_PRIVATE | c.MAP_ANONYMOUS, -1, 0),
  offsetBytes: (value) => addon.mmap(0n, page, c.PROT_NONE, c.MAP_PRIVATE | c.MAP_ANONYMOUS, -1, value),
  offset: (value) => addon.mprotect(rawAnonymous(page), value, page, c.PROT_NONE),
  length: (value) => addon.mprotect(rawAnonymous(page), 0, value, c.PROT_NONE),
  bytes: (value) => addon.growBreak(value),
  batches: (value) => addon.timeSystemCall('null-call', value, 1),
};
const flags: Record<string, Call> = {
  protection: (value) => addon.mprotect(rawAnonymous(page), 0, page, value),
  flags: (value) => addon.msync(rawAnonymous(page), 0, page, value),
  seals: (value) => addon.addSeals(-1, value),
};
const ints: Record<string, Call> = {
  fd: (value) => addon.addSeals(value, 0),
  advice: (value) => addon.madvise(rawAnonymous(page), 0, page, value),
};
const texts: Record<string, Call> = {
  name: (value) => addon.memoryFile(value, 0),
};

const everywhere = { ...sizes, ...flags, ...ints };

function refused(attempt: () => unknown): NodeJS.ErrnoException {
  try {
    attempt();
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
  throw new Error('nothing was refused');
}

function expectRangeError(name: string, call: Call, value: unknown, shown: string): void {
  const error = refused(() => call(value as never));
  expect(error).toBeInstanceOf(RangeError);
  expect(error.code).toBe('ERR_OUT_OF_RANGE');
  expect(error.message).toContain(` for ${name} but received ${shown}`);
}

function expectTypeError(name: string, call: Call, value: unknown, shown: string): void {
  const error = refused(() => call(value as never));
  expect(error).toBeInstanceOf(TypeError);
  expect(error.code).toBe('ERR_INVALID_ARG_TYPE');
  expect(error.message).toContain(` for ${name} but received ${shown}`);
}

describe('numbers out of range', () => {
  for (const [name, call] of Object.entries(everywhere)) {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1.5, 2 ** 53, 2 ** 64]) {
      it(`${name}: ${value}`, () => expectRangeError(name, call, value, String(value)));
    }
  }
  for (const [name, call] of Object.entries({ ...sizes, ...flags })) {
    it(`${name}: -1`, () => expectRangeError(name, call, -1, '-1'));
  }
  for (const [name, call] of Object.entries(sizes).filter(([key]) => key !== 'batches')) {
    it(`${name}: 2^64 as a BigInt`, () => expectRangeError(name, call, 2n ** 64n, `${2n ** 64n}n`));
    it(`${name}: -1 as a BigInt`, () => expectRangeError(name, call, -1n, '-1n'));
  }
  for (const [name, call] of Object.entries(flags)) {
    it(`${name}: 2^32`, () => expectRangeError(name, call, 2 ** 32, '4294967296'));
  }
  for (const [name, call] of Object.entries(ints)) {
    it(`${name}: 2^31`, () => expectRangeError(name, call, 2 ** 31, '2147483648'));
    it(`${name}: below -2^31`, () => expectRangeError(name, call, -(2 ** 31) - 1, '-2147483649'));
  }
  it('offsetBytes: 2^63 does not fit an off_t', () => {
    expectRangeError('offsetBytes', sizes.offsetBytes, 2n ** 63n, '9223372036854775808n');
  });
});

describe('values of another type', () => {
  const values: [unknown, string][] = [
    ['4096', 'a string'],
    [undefined, 'undefined'],
    [null, 'null'],
    [true, 'true'],
    [{ valueOf: () => 4096 }, 'an object'],
    [() => 4096, 'a function'],
    [Symbol('4096'), 'a symbol'],
  ];
  for (const [name, call] of Object.entries(everywhere)) {
    for (const [value, shown] of values) {
      it(`${name}: ${shown}`, () => expectTypeError(name, call, value, shown));
    }
  }
  for (const [name, call] of Object.entries({ ...flags, ...ints })) {
    it(`${name}: a BigInt`, () => expectTypeError(name, call, 1n, '1n'));
  }
  for (const [name, call] of Object.entries(texts)) {
    it(`${name}: a number`, () => expectTypeError(name, call, 5, '5'));
    it(`${name}: a string with NUL`, () => expectRangeError(name, call, 'a\0b', 'a string'));
  }
  it('a missing argument', () => {
    const mprotect = addon.mprotect as unknown as (...args: unknown[]) => unknown;
    expect(() => mprotect(rawAnonymous(page), 0)).toThrow('for length but received undefined');
  });
});

describe('handles', () => {
  const mapping = rawAnonymous(page);
  const impostors: [string, unknown][] = [
    ['undefined', undefined],
    ['null', null],
    ['a number', 5],
    ['an object', {}],
    ['an array buffer', new ArrayBuffer(8)],
    ['an object that inherits from a handle', Object.create(mapping as object)],
    ['a copy of a handle', { ...(mapping as object) }],
    ['a proxy of a handle', new Proxy(mapping as object, {})],
  ];
  for (const [what, impostor] of impostors) {
    it(`refuses ${what}`, () => {
      const calls = [addon.munmap, addon.address, addon.byteLength] as ((m: NativeMapping) => unknown)[];
      for (const call of calls) {
        const error = refused(() => call(impostor as NativeMapping));
        expect(error).toBeInstanceOf(TypeError);
        expect(error.message).toContain('for mapping but received');
      }
    });
  }

  it('refuses one that is already unmapped, in every call', () => {
    const gone = rawAnonymous(page);
    expect(addon.munmap(gone)).toBe(0);
    const calls = [
      () => addon.munmap(gone),
      () => addon.address(gone),
      () => addon.buffer(gone, 0, 1),
      () => addon.mremap(gone, page, 0),
      () => addon.mprotect(gone, 0, page, c.PROT_READ),
      () => addon.madvise(gone, 0, page, 0),
    ];
    for (const call of calls) expect(refused(call).code).toBe('ERR_INVALID_STATE');
  });
});

describe('ranges', () => {
  const mapping = rawAnonymous(page + 10);
  const outside: [number | bigint, number | bigint][] = [
    [0, 3 * page],
    [2 * page, 1],
    [page, page + 1],
    [2n ** 64n - 1n, 2],
    [page, 2n ** 64n - 1n],
    [2n ** 64n - BigInt(page), BigInt(page)],
  ];
  for (const [offset, length] of outside) {
    it(`refuses [${offset}, +${length}) of a mapping of one page and 10 bytes`, () => {
      const error = refused(() => addon.mprotect(mapping, offset as number, length as number, 1));
      expect(error).toBeInstanceOf(RangeError);
      expect(error.message).toContain('leave the mapping');
    });
  }
  it('takes the last page in full, but no buffer beyond the last byte', () => {
    expect(addon.mprotect(mapping, page, page, c.PROT_READ)).toBe(0);
    expect(addon.buffer(mapping, page, 10).byteLength).toBe(10);
    expect(refused(() => addon.buffer(mapping, page, 11))).toBeInstanceOf(RangeError);
  });
  it('wants room for one byte per page', () => {
    const error = refused(() => addon.mincore(mapping, 0, 2 * page, new Uint8Array(1)));
    expect(error.message).toContain('a Uint8Array of at least 2 bytes');
    const notBytes = new Uint16Array(2) as unknown as Uint8Array;
    expect(refused(() => addon.mincore(mapping, 0, page, notBytes))).toBeInstanceOf(TypeError);
  });
});

describe('flags that would break ownership', () => {
  it('mmap refuses MAP_FIXED', () => {
    const flags = c.MAP_PRIVATE | c.MAP_ANONYMOUS | c.MAP_FIXED;
    expect(refused(() => addon.mmap(0n, page, 0, flags, -1, 0))).toBeInstanceOf(RangeError);
  });
  it.runIf(c.MREMAP_FIXED !== undefined)('mremap refuses MREMAP_FIXED and MREMAP_DONTUNMAP', () => {
    const mapping = rawAnonymous(page);
    for (const flag of [c.MREMAP_FIXED, c.MREMAP_DONTUNMAP]) {
      expect(refused(() => addon.mremap(mapping, page, c.MREMAP_MAYMOVE | flag))).toBeInstanceOf(RangeError);
    }
  });
});
