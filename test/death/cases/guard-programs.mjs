// Random programs on a guarded heap, half of them on the main thread, half on a worker: overflow programs, each with
// one access outside of its block, and correct ones. Entry: `node guard-programs.mjs SEED COUNT`; prints one line of
// JSON: how many ran, how many hits came, and what went wrong.
import { isMainThread, parentPort, threadId, Worker, workerData } from 'node:worker_threads';
import { seededRandom } from '../../../dist/core/index.js';
import { GuardedHeap, guard, MemoryFaultError, pageSize } from '../../../dist/index.js';

const page = pageSize();
const threadName = isMainThread ? 'main' : `worker ${threadId}`;

/** One program: neighbours, a block, and one access `distance` bytes outside of it. */
function plan(random, heap, { side, alignment }) {
  const size = random.pick([random.integer(1, 64), random.integer(1, 300), random.integer(1, 3 * page)]);
  const neighbours = Array.from({ length: random.integer(0, 3) }, () => heap.malloc(random.integer(0, 5000)));
  const block = heap.malloc(size);
  const past = random.fraction() < 0.5;
  const slack = past ? (page - ((block + size) % page)) % page : block % page;
  const isWrite = random.fraction() < 0.5;
  // A read of the slack meets nothing: no guard page is there. So reads go at least as far as the guard.
  const nearest = isWrite ? 1 : slack + 1;
  const distance = random.integer(nearest, Math.max(nearest, 4096));
  const at = past ? block + size + distance - 1 : block - distance;
  const number = heap.faults().length;
  return {
    size,
    neighbours,
    block,
    past,
    distance,
    at,
    isWrite,
    isInSlack: distance <= slack,
    side,
    alignment,
    number,
  };
}

/** Commits it. @returns the fault that it became, or undefined */
function commit(heap, { at, isWrite, block, isInSlack }, policy) {
  const access = () => {
    if (isWrite) heap.bytes[at] = 0x41;
    else access.seen = heap.bytes[at];
  };
  try {
    if (policy === 'throw' && !isInSlack) guard.run(access);
    else access();
    if (isInSlack) heap.free(block);
  } catch (error) {
    if (!(error instanceof MemoryFaultError)) throw error;
    return error.fault;
  }
  return heap.faults().at(-1);
}

function judge(program, fault, before, after) {
  const { size, block, past, distance, at, isWrite, isInSlack } = program;
  if (fault === undefined || after !== before + 1) return `${after - before} hits instead of one`;
  const expected = {
    kind: past ? 'heap-buffer-overflow' : 'heap-buffer-underflow',
    access: isWrite ? 'write' : 'read',
    offsetBytes: at,
    distanceBytes: past ? distance - 1 : -distance,
    thread: threadName,
    pointer: block,
    sizeBytes: size,
    state: 'live',
  };
  const seen = { ...fault, ...fault.block };
  const wrong = Object.keys(expected).filter((key) => seen[key] !== expected[key]);
  if (!seen.allocatedAt?.includes('guard-programs.mjs')) wrong.push('allocatedAt');
  if ((fault.signal === null) !== isInSlack) wrong.push('signal');
  return wrong.length === 0
    ? null
    : wrong.map((key) => `${key} ${seen[key]} for ${expected[key]}`).join(', ');
}

function overflows(random, count) {
  const policies = guard.status().policies.throw ? ['record', 'throw'] : ['record'];
  const result = { ran: 0, hits: 0, inSlack: 0, wrong: [] };
  while (result.ran < count) {
    const options = {
      side: random.pick(['right', 'left', 'random']),
      alignment: random.pick([1, 8, 16, 64]),
      policy: random.pick(policies),
      method: random.pick(['lightweight', 'mprotect']),
    };
    const heap = GuardedHeap.create({ ...options, seed: random.uint32(), checkAtExit: false });
    for (let i = 0; i < 25 && result.ran < count; i++, result.ran++) {
      const program = plan(random, heap, options);
      const before = heap.faults().length;
      const fault = commit(heap, program, options.policy);
      const after = heap.faults().length;
      result.hits += after - before;
      if (program.isInSlack) result.inSlack++;
      const problem = judge(program, fault, before, after);
      if (problem !== null) result.wrong.push(`${JSON.stringify({ ...program, ...options })}: ${problem}`);
    }
    heap.destroy();
  }
  return result;
}

/** Allocates, fills, grows, looks and frees, all within bounds. */
function correct(random, count) {
  const result = { ran: 0, hits: 0, wrong: [] };
  while (result.ran < count) {
    const heap = GuardedHeap.create({
      side: random.pick(['right', 'left', 'random']),
      alignment: random.pick([1, 16, 64]),
      policy: 'record',
      quarantineSlots: random.pick([0, 10, 1000]),
      sampleRate: random.pick([1, 1, 3]),
      sampleShare: 1,
      method: random.pick(['lightweight', 'mprotect']),
      seed: random.uint32(),
    });
    for (let i = 0; i < 50 && result.ran < count; i++, result.ran++) behave(random, heap, result);
    if (heap.check().length > 0) result.wrong.push('check() found something');
    result.hits += heap.faults().length;
    heap.destroy();
  }
  return result;
}

function behave(random, heap, result) {
  const live = [];
  for (let step = 0; step < 20; step++) {
    const size = random.integer(0, random.pick([40, 400, 2 * page]));
    const call = random.pick(['malloc', 'malloc', 'calloc', 'memalign', 'realloc', 'free']);
    if ((call === 'free' || call === 'realloc') && live.length > 0) {
      const [block] = live.splice(random.integer(0, live.length - 1), 1);
      const bytes = heap.bytes.subarray(block.p, block.p + block.size);
      if (bytes.some((byte) => byte !== block.fill)) result.wrong.push('contents are gone');
      if (call === 'free') heap.free(block.p);
      else {
        const moved = heap.realloc(block.p, size + 1);
        const kept = Math.min(size + 1, block.size);
        const old = heap.view(moved).subarray(0, kept);
        if (old.some((byte) => byte !== block.fill)) result.wrong.push('realloc lost contents');
        live.push({ p: moved, size: kept, fill: block.fill });
      }
      continue;
    }
    const p =
      call === 'calloc'
        ? heap.calloc(1, size)
        : call === 'memalign'
          ? heap.memalign(256, size)
          : heap.malloc(size);
    const fill = random.integer(0, 255);
    heap.bytes.fill(fill, p, p + size);
    live.push({ p, size, fill });
  }
  for (const { p } of live) heap.free(p);
}

function work({ seed, count }) {
  const random = seededRandom(seed);
  return { overflows: overflows(random, count), correct: correct(random, count) };
}

if (isMainThread) {
  const [seed, count] = process.argv.slice(2).map(Number);
  const worker = new Worker(new URL(import.meta.url), { workerData: { seed: seed + 1, count: count / 2 } });
  const theirs = new Promise((resolve, reject) => {
    worker.on('message', resolve);
    worker.on('error', reject);
  });
  const ours = work({ seed, count: count / 2 });
  const results = [ours, await theirs];
  await worker.terminate();
  const total = (kind) => ({
    ran: results.reduce((sum, result) => sum + result[kind].ran, 0),
    hits: results.reduce((sum, result) => sum + result[kind].hits, 0),
    wrong: results.flatMap((result) => result[kind].wrong).slice(0, 10),
  });
  const { ranges, signals } = guard.status();
  const handlers = Object.values(signals).map(({ handler }) => handler);
  console.log(JSON.stringify({ overflows: total('overflows'), correct: total('correct'), ranges, handlers }));
} else {
  parentPort.postMessage(work(workerData));
}
