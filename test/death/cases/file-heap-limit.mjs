// A heap in a file in a process that may write files of 1 MiB only (ulimit -f). Started without the limit, it starts
// itself again under a shell that sets it. Prints one JSON line.
import { spawnSync } from 'node:child_process';
import { Heap } from '../../../dist/index.js';

const [, script, path, isLimited] = process.argv;
if (isLimited) {
  const heap = Heap.create({ source: { file: path } });
  let blocks = 0;
  let first = null;
  for (let pointer = heap.malloc(50_000); pointer !== null; pointer = heap.malloc(50_000)) {
    heap.view(pointer).fill(1);
    first ??= pointer;
    blocks++;
  }
  const large = heap.malloc(300_000);
  heap.free(first);
  const again = heap.malloc(40_000);
  const violations = heap.check().length;
  heap.destroy();
  const reopened = Heap.open(path).check().length;
  console.log(JSON.stringify({ blocks, large, again: again !== null, violations, reopened }));
} else {
  // sh counts in blocks of 512 bytes.
  const command = 'ulimit -f 2048 && exec "$0" "$1" "$2" limited';
  const result = spawnSync('sh', ['-c', command, process.execPath, script, path], {
    stdio: 'inherit',
    timeout: 25_000,
  });
  if (result.signal) process.kill(process.pid, result.signal);
  process.exitCode = result.status ?? 1;
}
