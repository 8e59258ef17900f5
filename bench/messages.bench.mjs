// Messages between threads: copied by postMessage, transferred by postMessage, or passed as blocks of a shared heap through
// a BlockQueue. Each way in fresh processes, by turns; the best counts.
import { spawnSync } from 'node:child_process';
import { loadavg } from 'node:os';

const quick = process.argv.includes('--quick');
const turns = quick ? 1 : 3;
const ways = ['copy', 'transfer', 'queue'];
const child = new URL('harness/messages-child.mjs', import.meta.url).pathname;

function time(way, bytes, count) {
  const args = [child, way, bytes, count].map(String);
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
  return Number(stdout) / 1000;
}

const rows = [];
for (const kib of [4, 64, 256, 1024]) {
  const count = Math.max(160, Math.ceil((quick ? 400 : 2000) / Math.sqrt(kib) / 16) * 16);
  const best = ways.map(() => Number.POSITIVE_INFINITY);
  for (let turn = 0; turn < turns; turn++) {
    ways.forEach((way, k) => {
      best[k] = Math.min(best[k], time(way, kib * 1024, count));
    });
  }
  rows.push([`${kib} KiB`, ...best, best[0] / best[2], best[1] / best[2]]);
}
const columns = ['message', ...ways.map((way) => `${way}, us`), 'copy / queue', 'transfer / queue'];
const notes = [`best of ${turns}; at most 16 under way; load average ${loadavg()[0].toFixed(1)}`];
console.log(
  JSON.stringify({ title: 'one message written, passed to a worker and read there', columns, rows, notes }),
);
