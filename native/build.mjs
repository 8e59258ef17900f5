/**
 * Builds the addon and the native tools with node-gyp: build/Release/chunkyard.node, build/Release/replayer and
 * build/Release/recorder.so (.dylib on macOS).
 *
 * Guarantees: never downloads headers. The addon needs only node-api-headers, from node_modules; node-gyp
 * wants a folder of Node headers all the same, so it gets the one npm is told of (nodedir), else the one
 * beside the running Node, else a stub made here. Steps are incremental; another Node, machine or header
 * folder starts afresh.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const buildDir = join(root, 'build');
const stampFile = join(buildDir, 'chunkyard-built-with.json');

/** What node-gyp reads of a header folder when the headers themselves come from elsewhere. */
const stubFiles = {
  'common.gypi': {
    target_defaults: {
      default_configuration: 'Release',
      configurations: {
        Debug: { cflags: ['-g', '-O0'], xcode_settings: { GCC_OPTIMIZATION_LEVEL: '0' } },
        Release: { cflags: ['-O3'], xcode_settings: { GCC_OPTIMIZATION_LEVEL: '3' } },
      },
    },
  },
  'config.gypi': { target_defaults: {}, variables: {} },
};

function hasHeaders(nodeDir) {
  return existsSync(join(nodeDir, 'include', 'node', 'common.gypi'));
}

/** @returns a folder that belongs to some Node, or undefined */
function findNodeDir() {
  const beside = resolve(dirname(process.execPath), '..');
  return [process.env.npm_config_nodedir, beside].find((nodeDir) => nodeDir && hasHeaders(nodeDir));
}

function writeStub(nodeDir) {
  const folder = join(nodeDir, 'include', 'node');
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(stubFiles)) {
    writeFileSync(join(folder, name), `${JSON.stringify(content, null, 2)}\n`);
  }
  return nodeDir;
}

/** Throws away a build that was made with something else. */
function startAfreshUnless(stamp) {
  const before = existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : '';
  if (before !== stamp) rmSync(buildDir, { recursive: true, force: true });
  mkdirSync(buildDir, { recursive: true });
  writeFileSync(stampFile, stamp);
}

function nodeGyp(...args) {
  const program = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
  const { status, error } = spawnSync(process.execPath, [program, ...args], { cwd: root, stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) {
    console.error('Building the addon failed. It needs a C++17 compiler, make and Python 3.');
    process.exit(1);
  }
}

const found = findNodeDir();
const { version, arch, platform } = process;
startAfreshUnless(JSON.stringify({ version, arch, platform, nodeDir: found ?? 'stub' }));
const nodeDir = found ?? writeStub(join(buildDir, 'nodedir'));
nodeGyp('configure', `--nodedir=${nodeDir}`, '--loglevel=warn');
nodeGyp('build', `--nodedir=${nodeDir}`, '--loglevel=warn');
