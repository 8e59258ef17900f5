/**
 * Checks that every C and C++ file under native/ is formatted as .clang-format says; `--fix` formats them
 * instead. Fails as well when it sees fewer files than there must be, so that it cannot pass by looking nowhere.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const fewestFiles = 15;
const root = fileURLToPath(new URL('..', import.meta.url));
const files = readdirSync(join(root, 'native'), { recursive: true })
  .filter((path) => /\.(cc|h|c)$/.test(path))
  .map((path) => join('native', path))
  .sort();

if (files.length < fewestFiles) {
  console.error(`only ${files.length} native files found, expected at least ${fewestFiles}`);
  process.exit(1);
}

const clangFormat = createRequire(import.meta.url).resolve('clang-format/index.js');
const mode = process.argv.includes('--fix') ? ['-i'] : ['--dry-run', '--Werror'];
const args = [clangFormat, '--style=file', ...mode, ...files];
const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
if (status === 0) console.log(`${files.length} native files are formatted`);
process.exit(status ?? 1);
