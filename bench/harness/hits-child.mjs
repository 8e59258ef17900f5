// Time per hit of a guard page, or per native access: one subject, in a process of its own. Prints nanoseconds.
import { GuardedPages, guard } from '../../dist/pages/index.js';

const [subject, budget] = process.argv.slice(2);
const budgetMs = Number(budget);

/** What happens once, by subject: pages, offset of a guard, its address. The first word is the policy. */
const subjects = {
  'record, JS stack': ({ pages, bytes, at }) => {
    bytes[at] = 1;
    if (pages.openedByHits > 0) pages.rearm();
  },
  'trace, no stack': ({ bytes, at }) => {
    bytes[at] = 1;
  },
  'throw, JS stack': ({ bytes, at }) => {
    try {
      guard.run(() => {
        bytes[at] = 1;
      });
    } catch {}
  },
  'throw, nothing hit': ({ bytes, at }) => guard.run(() => bytes[at - 1]),
  'peek, a fault': ({ address }) => {
    try {
      guard.peek(address);
    } catch {}
  },
  'peek, no fault': ({ address }) => guard.peek(address - 1n),
  'isReadable, one page': ({ address }) => guard.isReadable(address),
};
subjects['record, no stack'] = subjects['record, JS stack'];
subjects['record, no stack, mprotect'] = subjects['record, JS stack'];

const policy = subject.match(/^(record|trace|throw)/)?.[0] ?? 'record';
const pages = GuardedPages.create({
  lengthBytes: 1 << 22,
  policy,
  captureStack: subject.includes('JS stack'),
  ...(subject.includes('mprotect') ? { method: 'mprotect' } : {}),
});
pages.open(pages.pageSizeBytes, pages.pageSizeBytes);
const at = 2 * pages.pageSizeBytes;
const place = { pages, bytes: pages.bytes, at, address: pages.address + BigInt(at) };
const once = subjects[subject];
const hitsBefore = guard.faultCount;
const batch = 200;
let best = Number.POSITIVE_INFINITY;
let done = 0;
const end = performance.now() + budgetMs;
while (performance.now() < end || done === 0) {
  const start = process.hrtime.bigint();
  for (let i = 0; i < batch; i++) once(place);
  best = Math.min(best, Number(process.hrtime.bigint() - start) / batch);
  done += batch;
}
const hits = guard.faultCount - hitsBefore;
pages.release();
process.stdout.write(JSON.stringify({ ns: best, hitsPerOperation: hits / done }));
