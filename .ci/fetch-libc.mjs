/**
 * C libraries of other Debian releases, unpacked into node_modules/.cache: their packages come through apt, with a
 * configuration of its own, from the mirror that this machine's apt uses. Nothing is installed.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(root, 'node_modules', '.cache', 'chunkyard-libc');
const triplets = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };
const triplet = triplets[process.arch];

/** Runs a program; throws with the end of what it said. */
export function run(program, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    timeout: 180_000,
  });
  if (error) throw error;
  if (status !== 0)
    throw new Error(`${program} ended with ${status}: ${`${stdout}${stderr}`.trim().slice(-400)}`);
  return stdout;
}

/** @returns the archive that this machine's own packages come from */
function mirror() {
  const found = run('apt-get', ['indextargets', '--format', '$(REPO_URI)'], cache).split('\n');
  const archive = found.find((uri) => /\/debian\/?$/.test(uri));
  if (archive === undefined) throw new Error("this machine's apt knows no Debian archive");
  return archive;
}

/** Options that keep apt away from the machine's own lists, caches and status. */
function privately(folder) {
  const options = {
    'Dir::Etc::SourceList': join(folder, 'sources.list'),
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::State': join(folder, 'state'),
    'Dir::State::Lists': join(folder, 'lists'),
    'Dir::State::Status': join(folder, 'status'),
    'Dir::Cache': join(folder, 'cache'),
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
  };
  return Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

function prepare(folder, suite) {
  for (const part of ['state', 'lists/partial', 'cache/archives/partial', 'root']) {
    mkdirSync(join(folder, part), { recursive: true });
  }
  const keys = '/usr/share/keyrings/debian-archive-keyring.gpg';
  writeFileSync(join(folder, 'status'), '');
  writeFileSync(join(folder, 'sources.list'), `deb [signed-by=${keys}] ${mirror()} ${suite} main\n`);
}

/** Absolute links of a folder would lead out of the unpacked tree. */
function stayInside(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (!entry.isSymbolicLink() || !isAbsolute(readlinkSync(path))) continue;
    const target = `..${readlinkSync(path)}`;
    rmSync(path);
    symlinkSync(target, path);
  }
}

/** Later releases keep everything under /usr and have the older paths as links. */
function linkOldPaths(folder) {
  for (const name of ['lib', 'lib64']) {
    const [old, now] = [join(folder, 'root', name), join(folder, 'root', 'usr', name)];
    if (!existsSync(old) && existsSync(now)) symlinkSync(join('usr', name), old);
    if (existsSync(old)) stayInside(old);
  }
}

/** Downloads what is missing of these packages, and unpacks all that the folder has. */
export function unpack(folder, packages) {
  const missing = packages.filter((name) => !readdirSync(folder).some((file) => file.startsWith(`${name}_`)));
  if (missing.length > 0) {
    run('apt-get', [...privately(folder), 'update', '-q'], folder);
    run('apt-get', [...privately(folder), 'download', '-q', ...missing], folder);
  }
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.deb'))) {
    run('dpkg-deb', ['-x', file, 'root'], folder);
  }
  linkOldPaths(folder);
}

/** @returns a folder for packages of a release, with what apt needs to work in it */
export function folderFor(suite, name) {
  const folder = join(cache, name);
  mkdirSync(folder, { recursive: true });
  prepare(folder, suite);
  return folder;
}

/**
 * Gets the C library of a Debian release.
 * @param {string} suite name of the release
 * @returns {{ version: string, launcher: string[], executable?: string }} for the native replayer
 * @throws Error when it cannot be had
 */
export function fetchLibc(suite) {
  if (triplet === undefined) throw new Error(`no packages for ${process.arch}`);
  const folder = folderFor(suite, suite);
  unpack(folder, ['libc6']);
  const version = /^libc6_(\d+\.\d+)/.exec(readdirSync(folder).find((name) => name.startsWith('libc6_')))[1];
  const libraries = join(folder, 'root', 'lib', triplet);
  const loader = readdirSync(libraries).find((name) => /^ld-.*\.so(\.\d+)?$/.test(name));
  const launcher = [join(libraries, loader), '--library-path', libraries];
  return isOlder(version) ? { version, launcher, executable: buildFor(folder) } : { version, launcher };
}

function isOlder(version) {
  const minor = (text) => Number(text.split('.')[1]);
  return minor(version) < minor(process.report.getReport().header.glibcVersionRuntime);
}

/** @returns the C files of the native replayer */
export function replayerSources() {
  const tools = join(root, 'native', 'tools');
  const parts = readdirSync(join(tools, 'replayer')).filter((name) => name.endsWith('.c'));
  return [join(tools, 'replayer.c'), ...parts.map((name) => join(tools, 'replayer', name))];
}

/** An executable made here wants symbols that an older library has not: it is made again with that one's headers. */
function buildFor(folder) {
  unpack(folder, ['libc6-dev', 'linux-libc-dev']);
  const executable = join(folder, 'replayer');
  const old = join(folder, 'root');
  // The compiler looks into its own folders before those of a sysroot.
  const places = [`-B${old}/usr/lib/${triplet}/`, `-L${old}/usr/lib/${triplet}`, `-L${old}/lib/${triplet}`];
  const options = ['-std=gnu11', '-O2', `--sysroot=${old}`, ...places];
  run('gcc', [...options, ...replayerSources(), '-o', executable, '-l:libpthread.so.0'], root);
  return executable;
}
