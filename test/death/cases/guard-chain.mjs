// Guards beside a handler of somebody else (foreign-handler.c, in a library that the first argument names). The
// other arguments are steps, done in their order.
import { mmap } from '../../../dist/index.js';
import { GuardedPages, guard } from '../../../dist/pages/index.js';

const [library, ...steps] = process.argv.slice(2);
const say = (text) => process.stdout.write(`${text}\n`);
const closed = mmap({ length: 4096, protection: 'none' });
let pages;

const actions = {
  foreign: () => {
    try {
      // Not an addon: that is refused after its constructor has run.
      process.dlopen({ exports: {} }, library);
    } catch (error) {
      if (error.code !== 'ERR_DLOPEN_FAILED') throw error;
    }
  },
  guard: () => {
    pages = GuardedPages.create({ lengthBytes: 1 << 22, policy: 'record' });
    // The guard that is hit lies beside an open page, as guards do.
    pages.open(pages.pageSizeBytes, pages.pageSizeBytes);
  },
  hit: () => {
    const since = guard.faultCount;
    pages.bytes[5] = 1;
    say(`hits ${guard.faults({ since }).length}`);
    pages.rearm();
  },
  status: () => {
    const { inForce, signals, warnings } = guard.status();
    say(
      `in force ${inForce}, ${signals.SIGSEGV.handler} before ${signals.SIGSEGV.next}, warnings ${warnings.length}`,
    );
  },
  listen: () => process.on('SIGSEGV', () => {}),
  reinstall: () => guard.reinstall(),
  release: () => pages.release(),
  wild: () => {
    closed.bytes[0] = 1;
  },
  kill: () => process.kill(process.pid, 'SIGSEGV'),
  peek: () => {
    try {
      guard.peek(closed.address);
    } catch (error) {
      say(error.code);
    }
  },
};

for (const step of steps) actions[step]();
// What was sent arrives soon.
setTimeout(() => say('alive'), 200);
