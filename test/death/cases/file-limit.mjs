// A file arena in a process that may write files of 16 pages only (ulimit -f). Started without the limit, it starts
// itself again under a shell that sets it. Prints one JSON line.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileSource, pageSize } from '../../../dist/index.js';

const page = pageSize();
const [, script, path, isLimited] = process.argv;
if (isLimited) {
  const source = fileSource({ path, limitBytes: 64 * page, commitStepBytes: page });
  const first = source.grow(10 * page);
  new Uint8Array(source.buffer, 0, 10 * page).fill(1);
  const second = source.grow(20 * page);
  const after = source.committedBytes === 10 * page && source.grow(6 * page);
  new Uint8Array(source.buffer, 0, 16 * page).fill(2);
  source.release();
  console.log(JSON.stringify({ first, second, after, fileBytes: statSync(path).size }));
} else {
  // sh counts in blocks of 512 bytes.
  const command = `ulimit -f ${(16 * page) / 512} && exec "$0" "$1" "$2" limited`;
  const result = spawnSync('sh', ['-c', command, process.execPath, script, path], {
    stdio: 'inherit',
    timeout: 25_000,
  });
  if (result.signal) process.kill(process.pid, result.signal);
  process.exitCode = result.status ?? 1;
}
