/**
 * Our own table of named ranges: what the process map shows where the kernel keeps no names (PR_SET_VMA
 * refused, file mappings, the program break). Of this thread only. Whoever owns a range enters it and takes
 * it out again; an owner that is garbage collected takes its name along, a few turns of the event loop later:
 * the table keeps nothing alive.
 */

interface NamedRange {
  start: bigint;
  end: bigint;
  name: string;
}

const named = new Set<NamedRange>();
const byOwner = new WeakMap<object, NamedRange>();
const collected = new FinalizationRegistry<NamedRange>((range) => named.delete(range));

/**
 * Names a range, or moves a name: an owner has one range.
 * @param owner any object, the key to take the name out again
 * @param address first byte
 * @param lengthBytes bytes, > 0
 * @param name shown in the process map
 */
export function registerRange(owner: object, address: bigint, lengthBytes: number, name: string): void {
  unregisterRange(owner);
  const range = { start: address, end: address + BigInt(lengthBytes), name };
  named.add(range);
  byOwner.set(owner, range);
  collected.register(owner, range, owner);
}

/**
 * Takes a name out.
 * @param owner as registered; unknown ones are ignored
 */
export function unregisterRange(owner: object): void {
  const range = byOwner.get(owner);
  if (range === undefined) return;
  named.delete(range);
  byOwner.delete(owner);
  collected.unregister(owner);
}

/**
 * Names of all registered ranges that share a byte with [start, end), in address order, each once.
 * @param start first byte
 * @param end first byte behind
 */
export function namesWithin(start: bigint, end: bigint): string[] {
  const found = [...named].filter((range) => range.start < end && start < range.end);
  found.sort((a, b) => (a.start < b.start ? -1 : 1));
  return [...new Set(found.map((range) => range.name))];
}
