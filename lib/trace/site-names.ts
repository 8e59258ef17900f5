/** Names for call sites: the recorded program's maps tell which file lies at an address, and where in it. */

/** One line of a process map that belongs to a file. */
interface MappedFile {
  start: number;
  end: number;
  /** Where the file's first part lies: offsets count from there, as symbol tables do. */
  base: number;
  file: string;
}

const mapLine = /^([0-9a-f]+)-([0-9a-f]+) \S+ ([0-9a-f]+) \S+ \d+ +(\S.*)$/gm;

/** Numbers call sites in the order of their first call, and names them at the end. */
export class SiteNames {
  readonly #indices = new Map<number, number>();

  /** @returns the number of an address */
  indexOf(address: number): number {
    const known = this.#indices.get(address);
    if (known !== undefined) return known;
    const index = this.#indices.size;
    this.#indices.set(address, index);
    return index;
  }

  /**
   * Names all of them.
   * @param maps copies of the process map, one after the other; empty where there was none
   * @returns `libc.so.6+0x1234` each, or a bare address
   */
  names(maps: string): string[] {
    const files = parseMaps(maps);
    return [...this.#indices.keys()].map((address) => {
      const found = files.find(({ start, end }) => address >= start && address < end);
      if (found === undefined) return `0x${address.toString(16)}`;
      return `${found.file}+0x${(address - found.base).toString(16)}`;
    });
  }
}

/** The latest copy comes first: of libraries that were unloaded, only the last user of a place is told. */
function parseMaps(maps: string): MappedFile[] {
  const files = new Map<string, MappedFile>();
  const bases = new Map<string, number>();
  for (const [, first, last, offset, path] of maps.matchAll(mapLine)) {
    const start = Number.parseInt(first, 16);
    const end = Number.parseInt(last, 16);
    if (Number.parseInt(offset, 16) === 0) bases.set(path, start);
    const file = path.slice(path.lastIndexOf('/') + 1);
    files.set(`${first} ${path}`, { start, end, base: bases.get(path) ?? start, file });
  }
  return [...files.values()].reverse();
}
