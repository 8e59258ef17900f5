// Random traffic on a shared heap, with contents that tell whether a block is still what its owner wrote; blocks change
// hands through a table of pointers. For heap-threads.mjs and heap-terminate.mjs.

export const places = 64;
const mostLive = 200;

/** Numbers from 0 to n - 1, the same for the same seed. */
export function randomFrom(seed) {
  let state = seed | 0 || 1;
  return (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % n;
  };
}

function sizeFrom(random) {
  const kind = random(100);
  if (kind < 70) return 16 + random(500);
  if (kind < 95) return 16 + random(8000);
  return 16 + random(kind === 99 ? 400_000 : 60_000);
}

/** Every block: 4 bytes length, 4 bytes seed, then bytes that follow from the seed. */
function sign(heap, p, bytes, seed) {
  heap.w[p >>> 2] = bytes;
  heap.w[(p >>> 2) + 1] = seed;
  for (let k = 8; k < bytes; k += bytes > 512 ? 61 : 1) heap.b[p + k] = seed + k;
  heap.b[p + bytes - 1] = seed + bytes - 1;
}

export function verify(heap, p, least = 0) {
  const bytes = heap.w[p >>> 2];
  const seed = heap.w[(p >>> 2) + 1];
  if (bytes < 16 || bytes > 500_000 || heap.usableSize(p) < Math.max(bytes, least)) {
    throw new Error(`block ${p}: ${bytes} bytes by its own account, ${heap.usableSize(p)} by the heap's`);
  }
  for (let k = 8; k < bytes; k += bytes > 512 ? 61 : 1) {
    if (heap.b[p + k] !== ((seed + k) & 0xff))
      throw new Error(`block ${p}: byte ${k} is not what was written`);
  }
  return bytes;
}

export function step(heap, random, live, table) {
  const what = random(100);
  const at = live.length === 0 ? 0 : random(live.length);
  const drop = () => {
    const p = live[at];
    live[at] = live[live.length - 1];
    live.pop();
    return p;
  };
  if (live.length === 0 || (what < 45 && live.length < mostLive)) {
    const bytes = sizeFrom(random);
    const p =
      what < 35
        ? heap.malloc(bytes)
        : what < 42
          ? heap.calloc(1, bytes)
          : heap.memalign(32 << random(6), bytes);
    if (p === null) return;
    sign(heap, p, bytes, random(256));
    live.push(p);
  } else if (what < 55) {
    const bytes = sizeFrom(random);
    const before = verify(heap, live[at]);
    const seed = heap.w[(live[at] >>> 2) + 1];
    const p = heap.realloc(live[at], bytes);
    if (p === null) return;
    live[at] = p;
    const kept = Math.min(before, bytes);
    for (let k = 8; k < kept - 1; k += before > 512 ? 61 : 1) {
      if (heap.b[p + k] !== ((seed + k) & 0xff)) throw new Error(`realloc lost byte ${k} of ${p}`);
    }
    sign(heap, p, bytes, random(256));
  } else if (what < 75) {
    const p = drop();
    verify(heap, p);
    const other = Atomics.exchange(table, random(places), p | 0) >>> 0;
    if (other !== 0) {
      verify(heap, other);
      live.push(other);
    }
  } else {
    const p = drop();
    verify(heap, p);
    heap.free(p);
  }
}
