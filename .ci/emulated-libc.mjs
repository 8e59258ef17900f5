/**
 * C libraries that no release of Debian has for this machine's processor, but some have for cross compilers: those for
 * 64-bit little-endian MIPS, run by an emulator. Their malloc is the same text, compiled for another processor.
 * Wanted: the Debian packages qemu-user, gcc-mips64el-linux-gnuabi64 and libc6-dev-mips64el-cross.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { folderFor, replayerSources, run, unpack } from './fetch-libc.mjs';

/** Releases with the profile that their library is compared with: 2.40 changed nothing in malloc. */
export const emulated = [
  { suite: 'trixie', profile: '2.39' },
  { suite: 'sid', profile: '2.42' },
];

const emulator = 'qemu-mips64el';
const compiler = 'mips64el-linux-gnuabi64-gcc';

/**
 * Gets the library and builds the native replayer for it.
 * @param {string} suite name of the release
 * @returns {{ version: string, launcher: string[], executable: string }} for the native replayer
 * @throws Error when it cannot be had
 */
export function fetchEmulated(suite) {
  const folder = folderFor(suite, `${suite}-mips64el`);
  run(emulator, ['--version'], folder);
  unpack(folder, ['libc6-mips64el-cross']);
  const file = readdirSync(folder).find((name) => name.startsWith('libc6-mips64el-cross_'));
  const [, version] = /_(\d+\.\d+)/.exec(file);
  const executable = join(folder, 'replayer');
  // At a fixed address the break begins far below the libraries, with room to grow.
  run(
    compiler,
    ['-std=gnu11', '-O2', '-no-pie', ...replayerSources(), '-o', executable, '-lpthread'],
    folder,
  );
  const libraries = join(folder, 'root', 'usr', 'mips64el-linux-gnuabi64');
  return { version, launcher: [emulator, '-L', libraries], executable };
}
