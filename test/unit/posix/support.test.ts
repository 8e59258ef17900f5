/** Names, numbers and what is said to be supported, held against what the system really does. */
import { closeSync, ftruncateSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { ArgumentError, PosixError } from '../../../lib/core/index.ts';
import {
  type Advice,
  adviceNames,
  adviceValue,
  check,
  constants,
  crossings,
  cycleCounter,
  errnoName,
  type Feature,
  isSupported,
  native,
  pageSize,
  refusal,
  timedCases,
  timeSystemCall,
} from '../../../lib/posix/index.ts';
import { rawAnonymous, rawFile } from '../../helpers/raw-mapping.ts';
import { isSanitized } from '../../helpers/sanitized.ts';

const c = constants();
const page = pageSize();

/** Memory that an advice can be given to. */
function adviceTarget(advice: Advice) {
  if (advice !== 'remove') return rawAnonymous(page);
  const fd = check('memfd_create', native().memoryFile('remove', 0));
  ftruncateSync(fd, page);
  const mapping = rawFile(fd, page, { protection: c.PROT_READ | c.PROT_WRITE });
  closeSync(fd);
  return mapping;
}

describe('advice', () => {
  // Collapsing needs a huge page's worth of memory; its probe tries just that.
  for (const advice of adviceNames.filter((name) => name !== 'collapse')) {
    const supported = isSupported(`advice:${advice}`);
    it(`${advice} is ${supported ? '' : 'not '}supported, and so it is`, () => {
      if (supported) {
        expect(native().madvise(adviceTarget(advice), 0, page, adviceValue(advice))).toBe(0);
      } else if (c[`MADV_${advice.toUpperCase().replaceAll('-', '_')}`] === undefined) {
        expect(() => adviceValue(advice)).toThrow(PosixError);
        expect(() => adviceValue(advice)).toThrow('ENOTSUP: madvise');
      } else {
        expect(() =>
          check('madvise', native().madvise(adviceTarget(advice), 0, page, adviceValue(advice))),
        ).toThrow('EINVAL: madvise');
      }
    });
  }

  it('refuses a word nobody knows', () => {
    expect(() => adviceValue('tired' as Advice)).toThrow(ArgumentError);
    expect(() => adviceValue(undefined as unknown as Advice)).toThrow('for advice but received undefined');
  });

  it('has a name for every number of the platform', () => {
    const constantsOfAdvice = Object.keys(c).filter((name) => name.startsWith('MADV_'));
    const named = adviceNames.map((name) => `MADV_${name.toUpperCase().replaceAll('-', '_')}`);
    expect(constantsOfAdvice.length).toBeGreaterThan(5);
    expect(named).toEqual(expect.arrayContaining(constantsOfAdvice));
  });
});

describe('features', () => {
  it('exist on Linux as its headers say', () => {
    const linux = process.platform === 'linux';
    const features: Feature[] = [
      'mremap',
      'memoryFile',
      'seals',
      'populate',
      'fixed',
      'noReserve',
      'memoryMap',
    ];
    for (const feature of features.filter((name) => name !== 'memoryFile' && name !== 'noReserve')) {
      expect([feature, isSupported(feature)]).toEqual([feature, linux]);
    }
    expect(isSupported('memoryFile')).toBe(true);
  });

  it('guardInstall is the same as its advice', () => {
    expect(isSupported('guardInstall')).toBe(isSupported('advice:guard-install'));
  });

  it('refuses a name nobody knows', () => {
    for (const name of ['teleport', 'advice:tired', 'toString', '', undefined]) {
      expect(() => isSupported(name as Feature)).toThrow(ArgumentError);
    }
  });
});

describe('numbers', () => {
  it('pageSize is a power of two that mmap keeps to', () => {
    expect(page).toBeGreaterThanOrEqual(4096);
    expect(Math.log2(page) % 1).toBe(0);
    expect(native().address(rawAnonymous(1)) % BigInt(page)).toBe(0n);
  });

  it('constants are whole numbers, 0 to 2^32 - 1', () => {
    for (const [name, value] of Object.entries(c)) {
      expect([name, Number.isInteger(value) && value >= 0 && value < 2 ** 32]).toEqual([name, true]);
    }
    expect(c).toMatchObject({ PROT_NONE: 0, PROT_READ: 1, PROT_WRITE: 2, PROT_EXEC: 4, MAP_SHARED: 1 });
  });
});

describe('errors', () => {
  it('have the name of their errno, known to Node or not', () => {
    const { ENOMEM, ENOSR } = osConstants.errno;
    expect([errnoName(ENOMEM), errnoName(ENOSR), errnoName(1000)]).toEqual(['ENOMEM', 'ENOSR', 'E1000']);
  });

  it('pass results on that are none', () => {
    expect([check('x', 0), check('x', 7), check('x', 5n)]).toEqual([0, 7, 5n]);
  });

  it('carry a hint', () => {
    const error = refusal('EPERM', 'sbrk', { hint: 'not here', address: 16n, lengthBytes: 5 });
    expect(error).toMatchObject({ code: 'EPERM', errno: -1, syscall: 'sbrk', address: 16n, length: 5 });
    expect(error.message).toBe('EPERM: sbrk of 5 bytes at 0x10 was refused by the system (not here)');
  });
});

describe('timing', () => {
  /** What this machine may lack, or forbid: huge pages, a second processor, guard markers, locked memory, that many mappings. */
  const optional = /hugetlb|huge-page|guard|move|populate|mlock|among-50000|second-thread/;

  function timeUnlessRefused(name: string): ReturnType<typeof timeSystemCall> | null {
    try {
      return timeSystemCall(name, 10, 1);
    } catch (error) {
      const isOtherMalloc = isSanitized && /-(?:mmap|heap)$/.test(name);
      if (error instanceof PosixError && (optional.test(name) || isOtherMalloc)) return null;
      throw error;
    }
  }

  // But for those that fill a gigabyte.
  for (const name of timedCases().filter((one) => !/touch.*-(?:256m|1g)$/.test(one))) {
    // The break may move while it is measured, by malloc in another thread: then once more.
    it(`${name} gives one sample per batch`, { retry: name.startsWith('brk-page') ? 5 : 0 }, () => {
      const timing = timeUnlessRefused(name);
      if (timing === null) return;
      const { samplesNs, pacesNs, batchSize, involuntarySwitches, wallNs, processorNs } = timing;
      expect(samplesNs).toBeInstanceOf(Float64Array);
      expect(samplesNs.length).toBeGreaterThanOrEqual(3);
      expect(samplesNs.length).toBeLessThanOrEqual(10);
      expect(samplesNs.every((sample) => sample >= 0 && Number.isFinite(sample))).toBe(true);
      expect(samplesNs.some((sample) => sample > 0)).toBe(true);
      expect(pacesNs).toHaveLength(samplesNs.length);
      expect(pacesNs.every((pace) => pace > 0 && Number.isFinite(pace))).toBe(true);
      expect(batchSize === 1 || batchSize % 2 === 0).toBe(true);
      expect(wallNs).toBeGreaterThan(0);
      expect(processorNs).toBeGreaterThan(0);
      expect(Number.isInteger(involuntarySwitches) && involuntarySwitches >= 0).toBe(true);
    });
  }

  it('asks the cycle counter, where there is one', () => {
    const counter = cycleCounter();
    expect(counter === null || counter.hertz > 1e6).toBe(true);
    if (process.arch === 'x64') expect(counter?.name).toBe('rdtsc');
  });

  it('crosses to functions that do nothing', () => {
    const { bare, addonApi, number, bigint, fail, parentId } = crossings();
    expect([bare(), addonApi(), number(1.5), bigint(2n ** 63n)]).toEqual([
      undefined,
      undefined,
      1.5,
      2n ** 63n,
    ]);
    expect(fail).toThrow(expect.objectContaining({ code: 'ERR_CROSSING' }));
    expect(parentId()).toBe(process.ppid);
  });

  it('refuses unknown cases and impossible counts', () => {
    expect(() => timeSystemCall('fork', 1)).toThrow('timedCases()');
    for (const batches of [0, -1, 1.5, 2_000_000])
      expect(() => timeSystemCall('null-call', batches)).toThrow(ArgumentError);
  });
});
