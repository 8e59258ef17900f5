/**
 * The simulated heap against the real one, at length: `npm run fidelity`. The machine's C library by default; with
 * `-- --all` also those of other Debian releases, as far as they can be had, with `-- --suite=NAME` that of one only.
 * Ends with 1 if anything differs. With `-- --emulated` those that can only be had for an emulated processor instead.
 *
 *   --operations=N        generated operations on the machine's library, beside the recorded ones
 *   --other-operations=N  the same on the others
 *   --damaged=N           random damaged traces on each
 *   --pictures            draw both heaps at each difference
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  addResult,
  compareFidelity,
  compareMany,
  drawDifference,
  emptyTotal,
  machineGlibc,
} from '../dist/compare/index.js';
import { profiles } from '../dist/heap/index.js';
import {
  builtInTraces,
  generateDamage,
  generateTrace,
  parseTrace,
  readTrace,
  traceProfiles,
} from '../dist/trace/index.js';
import { emulated, fetchEmulated } from './emulated-libc.mjs';
import { fetchLibc, root } from './fetch-libc.mjs';

const suites = ['bullseye', 'trixie', 'testing'];
const arenas = ['main', 'thread'];
/** Blocks, headers and both arenas share it. */
const windowBytes = 3.5 * 2 ** 30;
const isAll = process.argv.includes('--all');
const only = process.argv.find((word) => word.startsWith('--suite='))?.slice('--suite='.length);
const { operations, otherOperations, damaged } = numbers({
  operations: 10_000_000,
  otherOperations: 2_000_000,
  damaged: 2000,
});

function numbers(defaults) {
  return Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => {
      const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}=`;
      const given = process.argv.find((word) => word.startsWith(flag));
      return [name, given === undefined ? value : Number(given.slice(flag.length))];
    }),
  );
}

/** Recorded traces beside the checkout, read where they are. */
function sharedTraces() {
  const folder = join(root, '..', 'shared', 'traces');
  try {
    const files = readdirSync(folder, { recursive: true });
    return files.filter((name) => /\.(trace|rep)(\.gz|\.zst)?$/.test(name)).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function* both(group, trace, options) {
  for (const arena of arenas) yield { group, trace, options: { ...options, arena } };
}

function* recorded(options, builtIn) {
  for (const name of builtIn) yield* both('built-in traces', () => readTrace(name), options);
  for (const path of sharedTraces()) {
    for (const task of both('shared traces', () => readTrace(path), options))
      yield { ...task, isRecorded: true };
  }
}

/** Rounds of all profiles until enough operations are done; every fourth round compares the bytes too. */
function* generated(options, { operations: least, length }) {
  const rounds = Math.ceil(least / (length * traceProfiles.length * arenas.length));
  for (let seed = 1; seed <= rounds; seed++) {
    for (const { name } of traceProfiles) {
      const image = seed % 4 === 1;
      yield* both(name, () => generateTrace(name, { seed, operations: length }), { ...options, image });
    }
  }
}

/** The traces of single checks: every library must end them as its profile does. */
function* damageFiles(options, isEmulated) {
  const folder = join(root, 'test', 'fidelity', 'damage');
  for (const name of readdirSync(folder)) {
    const text = readFileSync(join(folder, name));
    const arena = /^# arena (\w+)$/m.exec(text.toString())?.[1];
    if (isEmulated && /^# processor x86-64$/m.test(text.toString())) continue;
    for (const task of both('single checks', () => parseTrace(text, { file: name }), {
      ...options,
      image: true,
    }))
      if (arena === undefined || arena === task.options.arena) yield task;
  }
}

function* damagedTraces(options, count) {
  for (let seed = 1; seed <= count / arenas.length; seed++) {
    yield* both('damaged', () => generateDamage(seed), { ...options, image: true });
  }
}

async function compareAll(title, options, extent) {
  console.log(`\n${title}`);
  const total = emptyTotal();
  const groups = new Map();
  const builtIn = await builtInTraces();
  function* tasks() {
    if (!extent.isEmulated) yield* recorded(options, builtIn);
    yield* generated(options, extent);
    yield* damageFiles(options, extent.isEmulated);
    for (const task of damagedTraces(options, extent.damaged)) {
      // An emulated thread's heaps lie where no window can: wild pointers would lead elsewhere.
      if (!extent.isEmulated || task.options.arena === 'main') yield task;
    }
  }
  for await (const { trace, task, result: first } of compareMany(tasks())) {
    if (task.isRecorded && trace.peakLiveBytes > windowBytes) {
      console.log(`  left out: ${trace.name} has more live at once than a window of 4 GiB holds`);
      continue;
    }
    const isAskedAgain = first.firstDifference && task.group === 'damaged';
    const result = isAskedAgain ? await askAgain(trace, task.options, first) : first;
    addResult(total, result);
    if (!groups.has(task.group)) groups.set(task.group, emptyTotal());
    addResult(groups.get(task.group), result);
    if (result.firstDifference) await tell(trace, task.options, result);
    else if (result.image?.differingWords)
      console.log(`  bytes differ: ${trace.name} ${task.options.arena}`, result.image);
  }
  for (const [name, sum] of groups) console.log(line(name, sum));
  console.log(line('total', total));
  return total.equal === total.operations && total.imagesEqual === total.imagesCompared;
}

/**
 * A size that leads out of a thread's heap ends on whatever the process has mapped there, which differs by run: ours ends as
 * on an empty place. @returns the comparison with a native run that ends as ours, else the first
 */
async function askAgain(trace, options, first) {
  for (let run = 2; run <= 10; run++) {
    const result = await compareFidelity(trace, options);
    if (result.firstDifference) continue;
    const { operation, expected } = first.firstDifference;
    console.log(
      `  ${trace.name} ${options.arena} arena, operation ${operation}: native differs by run, once ${expected}`,
    );
    return result;
  }
  return first;
}

async function tell(trace, options, { firstDifference }) {
  const { operation, expected, actual } = firstDifference;
  console.log(
    `  ${trace.name} ${options.arena} arena, operation ${operation}: native ${expected}, ours ${actual}`,
  );
  if (process.argv.includes('--pictures'))
    console.log((await drawDifference(trace, operation, options)).join('\n'));
}

function line(name, { traces, operations: count, equal, imagesCompared, imagesEqual }) {
  const share = equal === count ? '100 %' : `${(Math.floor((1e7 * equal) / count) / 1e5).toFixed(5)} %`;
  const placements = `${equal.toLocaleString('en-US')} of ${count.toLocaleString('en-US')} equal, ${share}`;
  const images = imagesCompared === 0 ? '' : `; ${imagesEqual} of ${imagesCompared} images identical`;
  return `  ${name.padEnd(18)} ${String(traces).padStart(5)} runs  ${placements}${images}`;
}

const machine = machineGlibc();
let allEqual = true;
const length = 20_000;
if (process.argv.includes('--emulated')) {
  for (const { suite, profile } of emulated) {
    const extent = { operations: 300_000, length: 1000, damaged: Math.min(damaged, 400), isEmulated: true };
    try {
      const { version, ...native } = fetchEmulated(suite);
      const title = `glibc ${version} of Debian ${suite}, emulated, against the profile ${profile}`;
      const options = { glibc: profile, native: { ...native, timeoutSeconds: 20 } };
      allEqual = (await compareAll(title, options, extent)) && allEqual;
    } catch (error) {
      console.log(`\nskipped: Debian ${suite} for an emulated processor (${error.message})`);
    }
  }
} else if (only !== undefined) {
  console.log(`the C library of Debian ${only} only`);
} else if (machine === null) {
  console.log(`skipped: this machine's C library is none of glibc ${Object.keys(profiles).join(', ')}`);
} else {
  allEqual = await compareAll(
    `glibc ${machine} of this machine`,
    { glibc: machine },
    { operations, length, damaged },
  );
}
for (const suite of only !== undefined ? [only] : isAll ? suites : []) {
  let libc;
  try {
    libc = fetchLibc(suite);
  } catch (error) {
    console.log(`\nskipped: the C library of Debian ${suite} cannot be had here (${error.message})`);
    continue;
  }
  const { version, ...native } = libc;
  if (!(version in profiles)) {
    console.log(`\nskipped: Debian ${suite} has glibc ${version}, which the heap does not know`);
    continue;
  }
  const title = `glibc ${version} of Debian ${suite}`;
  const extent = { operations: otherOperations, length, damaged };
  allEqual = (await compareAll(title, { glibc: version, native }, extent)) && allEqual;
}
process.exitCode = allEqual ? 0 : 1;
