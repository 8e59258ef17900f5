// What check-debugger.mjs tells gdb, and how it reads the answers back: once with the commands of examples/arena.gdb,
// once with those of the plugin GEF. Both give { chunks, lists } of { at, size, flags }, numbers in hex without 0x.

const kinds = { tcache: 'tcache', fast: 'fastbins', unsorted: 'unsorted', small: 'small', large: 'large' };
const mark = (name) => String.raw`echo \n@@ ${name}\n`;

/** @returns the text that was printed between a mark and the next one */
function section(output, name) {
  const start = output.indexOf(`\n@@ ${name}\n`);
  if (start < 0) return '';
  const end = output.indexOf('\n@@ ', start + 1);
  return output.slice(start, end < 0 ? undefined : end);
}

const flagNames = (bits) => `${bits & 4 ? 'A' : ''}${bits & 2 ? 'M' : ''}${bits & 1 ? 'P' : ''}` || '-';

/** gdb alone. */
export function plainCommands({ landmarks, here }) {
  return [
    `source ${here('../examples/arena.gdb')}`,
    mark('chunks'),
    `arena-chunks ${landmarks.arena}`,
    mark('lists'),
    `cache-bins ${landmarks.cache}`,
    `arena-bins ${landmarks.arena}`,
    mark('end'),
  ];
}

const plainKind = (kind, index) => {
  if (kind !== 'bins') return kind;
  if (index === 0) return 'unsorted';
  return index < 63 ? 'small' : 'large';
};

const plainChunks = (text) =>
  [...text.matchAll(/0x([0-9a-f]+)\/(?:0x)?([0-9a-f]+)\/(\d)/g)].map(([, at, size, bits]) => ({
    at,
    size,
    flags: flagNames(Number(bits)),
  }));

export function readPlain(output) {
  const lists = [...section(output, 'lists').matchAll(/^(\w+) (\d+):(.*)$/gm)];
  return {
    chunks: plainChunks(section(output, 'chunks')),
    lists: lists.map(([, kind, index, rest]) => ({
      name: `${plainKind(kind, Number(index))} ${index}`,
      chunks: plainChunks(rest),
    })),
  };
}

/** GEF: two macros stand for the C library's variables, then its own commands. */
export function gefCommands({ landmarks, chunks, plugin, glibc }) {
  return [
    `macro define main_arena (*(unsigned long *) ${landmarks.mainArena})`,
    `macro define tcache ((void *) ${landmarks.cache})`,
    `source ${plugin}`,
    // It takes the version of the process's own library, where the heap may be of another.
    `python gef.libc._version = (${glibc.replace('.', ', ')})`,
    `heap set-arena ${landmarks.arena}`,
    mark('chunks'),
    `heap chunks ${landmarks.arena}`,
    ...laterHeaps(chunks).map(({ first, count }) => `heap chunk --number ${count} 0x${first}`),
    ...Object.keys(kinds).flatMap((kind) => [mark(kind), `heap bins ${kind}`]),
    mark('end'),
  ];
}

/**
 * `heap chunks` takes each heap above the arena's struct for the first one and prints the first one again, so later
 * heaps are asked for one by one. Here they do lie above; a kernel mostly puts them below.
 */
function laterHeaps(chunks) {
  const heaps = new Map();
  for (const { at } of chunks) {
    const slot = BigInt(`0x${at}`) >> 26n;
    const heap = heaps.get(slot) ?? { first: at, count: 0 };
    heaps.set(slot, { ...heap, count: heap.count + 1 });
  }
  return [...heaps.values()].slice(1);
}

/** @returns the chunks that were printed, once each, without the zero-sized ends of heaps */
function onceEach(chunks) {
  const byAddress = new Map(chunks.map((chunk) => [chunk.at, chunk]));
  return [...byAddress.values()].filter(({ size }) => size !== '0');
}

// Flags are told by colour alone: red names are not set, green ones are.
const isSet = (text, name) => text.includes(`\x1b[32m${name}`);

function gefChunks(text) {
  const pattern = /\(addr=0x([0-9a-f]+), size=0x([0-9a-f]+), flags=([^)]*)\)/g;
  return [...text.matchAll(pattern)].map(([, at, size, flags]) => {
    const [P, M, A] = ['PREV_INUSE', 'IS_MMAPPED', 'NON_MAIN_ARENA'].map((name) => isSet(flags, name));
    return { at, size, flags: flagNames((P ? 1 : 0) + (M ? 2 : 0) + (A ? 4 : 0)) };
  });
}

export function readGef(printed) {
  // Colours stand between the marks that tell a line editor what is not visible.
  const output = printed.replaceAll('\x01', '').replaceAll('\x02', '');
  const headings = {
    tcache: /^Tcachebins\[idx=(\d+)(.*)$/gm,
    fast: /^Fastbins\[idx=(\d+)(.*)$/gm,
    unsorted: /unsorted_bins\[(\d+)\].*\n(.*)$/gm,
    small: /small_bins\[(\d+)\].*\n(.*)$/gm,
    large: /large_bins\[(\d+)\].*\n(.*)$/gm,
  };
  const lists = Object.entries(kinds).flatMap(([kind, name]) =>
    [...section(output, kind).matchAll(headings[kind])].map(([, index, rest]) => ({
      name: `${name} ${index}`,
      chunks: gefChunks(rest),
    })),
  );
  return {
    chunks: onceEach(gefChunks(section(output, 'chunks'))),
    lists: lists.filter(({ chunks }) => chunks.length > 0),
  };
}
