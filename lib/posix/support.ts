/**
 * What this platform and this kernel can do, told beforehand. Where a header proves nothing because the
 * kernel may be older, the call is tried once on a page of its own.
 */
import { accessSync, closeSync, constants as fsConstants, readFileSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { ArgumentError } from '../core/index.ts';
import { native } from './binding.ts';
import { type Advice, adviceConstant, adviceNames, constants, pageSize } from './constants.ts';
import type { NativeMapping } from './native.ts';

/** Features that some platform lacks. */
export type Feature =
  | 'mremap'
  | 'memoryFile'
  | 'seals'
  | 'populate'
  | 'hugePages'
  | 'fixed'
  | 'noReserve'
  | 'guardInstall'
  | 'nameRange'
  | 'programBreak'
  | 'memoryMap'
  | `advice:${Advice}`;

const probes: Readonly<Record<string, () => boolean>> = {
  mremap: () => has('MREMAP_MAYMOVE'),
  memoryFile: probeMemoryFile,
  seals: () => has('F_SEAL_SEAL'),
  populate: () => has('MAP_POPULATE'),
  hugePages: () => has('MAP_HUGETLB') && /^Hugepagesize:/m.test(readText('/proc/meminfo')),
  fixed: () => has('MAP_FIXED_NOREPLACE'),
  noReserve: () => has('MAP_NORESERVE'),
  guardInstall: () => probeAdvice('guard-install'),
  nameRange: probeNameRange,
  programBreak: () => isMainThread && isBreakShared(),
  memoryMap: () => process.platform === 'linux' && isReadable('/proc/self/maps'),
};

const answers = new Map<string, boolean>();

/**
 * Tells whether a feature works here. `hugePages` says that the kernel has them, not that its pool holds any;
 * `programBreak` is false in a worker thread.
 * @param feature its name; `advice:` and an advice for what `madvise` can be told
 * @throws ArgumentError ERR_INVALID_ARG_VALUE for an unknown name
 */
export function isSupported(feature: Feature): boolean {
  let answer = answers.get(feature);
  if (answer === undefined) {
    answer = probeFor(feature)();
    answers.set(feature, answer);
  }
  return answer;
}

/** True where sbrk moves the break of this process's own malloc: glibc. Others refuse or only pretend. */
export function isBreakShared(): boolean {
  return has('__GLIBC__') && typeof native().programBreak() === 'bigint';
}

function probeFor(feature: string): () => boolean {
  const advice = adviceNames.find((name) => feature === `advice:${name}`);
  if (advice !== undefined) return () => probeAdvice(advice);
  if (Object.hasOwn(probes, feature)) return probes[feature];
  const expected = `one of ${Object.keys(probes).join(', ')} or advice:NAME`;
  throw new ArgumentError('ERR_INVALID_ARG_VALUE', 'feature', expected, feature);
}

function has(constant: string): boolean {
  return constants()[constant] !== undefined;
}

function probeMemoryFile(): boolean {
  const fd = native().memoryFile('probe', constants().MFD_CLOEXEC ?? 0);
  if (fd < 0) return false;
  closeSync(fd);
  return true;
}

/** Any refusal but EINVAL is about the moment, not about the kernel. */
function probeAdvice(advice: Advice): boolean {
  const number = constants()[adviceConstant(advice)];
  if (number === undefined) return false;
  if (advice === 'collapse') return probeCollapse(number);
  const page = pageSize();
  // Punching a hole needs shared memory.
  return onScratch(page, advice === 'remove', (mapping) => {
    return native().madvise(mapping, 0, page, number) !== -osConstants.errno.EINVAL;
  });
}

/** Collapsing needs room for an aligned huge page, and something in it. */
function probeCollapse(number: number): boolean {
  const hugeBytes = Number(readText('/sys/kernel/mm/transparent_hugepage/hpage_pmd_size'));
  if (!(hugeBytes > 0)) return false;
  return onScratch(2 * hugeBytes, false, (mapping) => {
    const bytes = new Uint8Array(native().buffer(mapping, 0, 2 * hugeBytes));
    for (let at = 0; at < bytes.length; at += hugeBytes) bytes[at] = 1;
    return native().madvise(mapping, 0, 2 * hugeBytes, number) !== -osConstants.errno.EINVAL;
  });
}

function probeNameRange(): boolean {
  const page = pageSize();
  return onScratch(page, false, (mapping) => native().nameRange(mapping, 0, page, 'probe') === 0);
}

function onScratch(
  lengthBytes: number,
  shared: boolean,
  attempt: (mapping: NativeMapping) => boolean,
): boolean {
  const { PROT_READ, PROT_WRITE, MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED } = constants();
  const flags = MAP_ANONYMOUS | (shared ? MAP_SHARED : MAP_PRIVATE);
  const mapping = native().mmap(0n, lengthBytes, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (typeof mapping === 'number') return false;
  try {
    return attempt(mapping);
  } finally {
    native().munmap(mapping);
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, fsConstants.R_OK);
    return true;
  } catch {
    return false;
  }
}
