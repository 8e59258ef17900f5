/** Stops code between two stores to given memory, as a kill stops a process: what was stored stays. */

/** The process has stopped. */
export class Stop extends Error {}

const stores = new Set<string | symbol>(['fill', 'copyWithin', 'set']);

/**
 * A typed array that reports each store before it is made.
 * @param onStore may throw
 */
export function watched<T extends Uint32Array | Uint16Array | Uint8Array>(words: T, onStore: () => void): T {
  return new Proxy(words, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      if (name === 'subarray') return (...ends: number[]) => watched(target.subarray(...ends) as T, onStore);
      if (stores.has(name)) onStore();
      return value.bind(target);
    },
    set(target, name, value) {
      onStore();
      return Reflect.set(target, name, value);
    },
  });
}

/** @returns what to hand to `watched`: throws Stop when it is called once too often */
export function stopAfter(count: number): () => void {
  let left = count;
  return () => {
    if (left-- <= 0) throw new Stop();
  };
}

const arrays = ['Uint32Array', 'Uint16Array', 'Uint8Array'] as const;

/**
 * Runs code and stops it; typed arrays that it makes on this memory are watched.
 * @param memory what counts
 * @param count stores that are made
 * @returns stores that were made: fewer when the code came to its end
 */
export function stopInside(memory: readonly ArrayBuffer[], count: number, work: () => void): number {
  let made = 0;
  const limit = stopAfter(count);
  const onStore = (): void => {
    limit();
    made++;
  };
  const own = arrays.map((name) => [name, globalThis[name]] as const);
  for (const [name, array] of own) {
    const construct = (target: typeof array, args: [ArrayBuffer]): object => {
      const words = Reflect.construct(target, args);
      return memory.includes(args[0]) ? watched(words, onStore) : words;
    };
    Object.assign(globalThis, { [name]: new Proxy(array, { construct }) });
  }
  try {
    work();
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
  } finally {
    Object.assign(globalThis, Object.fromEntries(own));
  }
  return made;
}
