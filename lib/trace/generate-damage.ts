/**
 * Random programs with a memory error: an ordinary beginning, then words written past blocks or through dangling
 * pointers, double frees, pointers into the middle of blocks, and life going on until something notices.
 */
import { type Random, requireInteger, seededRandom } from '../core/index.ts';
import { either, oneOf, type SizeOf, sizes, uniform } from './generate-sizes.ts';
import { Opcode, type Trace } from './trace.ts';
import { TraceMaker } from './trace-maker.ts';

const requestSizes: readonly SizeOf[] = [
  oneOf(24, 40, 56, 120, 136),
  sizes.cached,
  sizes.large,
  either(0.7, uniform(1, 200), uniform(1000, 5000)),
  either(0.5, oneOf(0x408, 0x418, 0x428, 0x88), oneOf(0x18, 0x500, 0x510)),
];

/** Sizes that a forged header may claim, before flags. */
const claimedSizes: readonly bigint[] = [
  ...[0n, 0x10n, 0x20n, 0x30n, 0x40n, 0x80n, 0x90n, 0xa0n, 0x100n, 0x290n, 0x410n, 0x420n, 0x430n, 0x510n],
  ...[0x1000n, 0x2000n, 0x10000n, 0x20d00n, 0x21000n, 0x40000n, 0x8000000n, 1n << 32n, 1n << 47n, 1n << 63n],
  ...[-0x10n, -0x20n, -0x30n, -0x100n, -0x1000n, 8n, 0x18n, 0x28n, 0x418n],
];

const otherValues: readonly bigint[] = [0n, 1n, 8n, 16n, 0x4141414141414141n, -1n, 0xdeadbeefn, 1n << 40n];

/** Bytes from the first block of such a trace back to the cache struct of 2.30 to 2.41. */
const cacheStructBack = 0x290;

class DamageWriter {
  readonly maker: TraceMaker;
  readonly #random: Random;
  readonly #size: SizeOf;
  /** Blocks freed by `f` or `D`: their pointers dangle. */
  readonly #freed: number[] = [];

  constructor(maker: TraceMaker, random: Random) {
    this.maker = maker;
    this.#random = random;
    this.#size = random.pick(requestSizes);
  }

  /** Ordinary calls. */
  live(count: number, freeing: number): void {
    const { maker } = this;
    const random = this.#random;
    for (let left = count; left > 0 && !maker.isFull; left--) {
      const chance = random.fraction();
      if (maker.live.length > 0 && chance < freeing) this.#free();
      else if (maker.live.length > 0 && chance < freeing + 0.06) {
        maker.realloc(random.pick(maker.live), Math.max(1, this.#size(random)));
      } else if (chance > 0.97) this.#rare();
      else if (chance > 0.9) maker.calloc(this.#size(random));
      else maker.malloc(this.#size(random));
    }
  }

  #free(): void {
    const place = this.#random.integer(0, this.maker.live.length - 1);
    this.#freed.push(this.maker.live[place]);
    this.maker.freeAt(place);
  }

  #rare(): void {
    const random = this.#random;
    const { maker } = this;
    const kind = random.integer(0, 3);
    if (kind === 0) maker.trim(0);
    else if (kind === 1) maker.mallopt(1, 128);
    else if (kind === 2) maker.memalign(2 ** random.integer(5, 8), this.#size(random));
    else if (maker.live.length > 0) maker.usableSize(random.pick(maker.live));
  }

  /** One error. */
  damage(): void {
    const random = this.#random;
    const chance = random.fraction();
    if (chance < 0.12) this.#freeAgain();
    else if (chance < 0.2) this.#freeInside();
    else if (chance < 0.28) this.#damageCache();
    else if (chance < 0.33) this.maker.damage(Opcode.read, this.#anyBlock(), 8 * random.integer(-2, 6));
    else if (chance < 0.6) this.#forgeSize();
    else this.#forgeLink();
  }

  #anyBlock(): number {
    const random = this.#random;
    const dangling = this.#freed.length > 0 && (this.maker.live.length === 0 || random.integer(0, 1) === 1);
    if (dangling) return random.pick(this.#freed);
    return this.maker.live.length > 0 ? random.pick(this.maker.live) : 0;
  }

  #freeAgain(): void {
    const id = this.#anyBlock();
    this.maker.freeAgain(id);
    this.#freed.push(id);
  }

  /** An alias into a block or near it, perhaps with a header forged for it, freed like a block. */
  #freeInside(): void {
    const random = this.#random;
    const { maker } = this;
    const id = this.#anyBlock();
    const offset = random.pick([16, 32, -16, 48, 8, 64, 0]);
    if (random.integer(0, 2) > 0) maker.write(id, offset - 8, this.#claimed());
    const alias = maker.nextBlock();
    maker.damage(Opcode.alias, alias, 0, offset, id);
    maker.freeAgain(alias);
    this.#freed.push(alias);
  }

  /** The cache struct lies before the first block: its counts, then its heads. */
  #damageCache(): void {
    const random = this.#random;
    const { maker } = this;
    const index = random.integer(0, 12);
    if (random.integer(0, 2) === 0) {
      const counts = random.pick([0n, 7n, 0x0007_0007_0007_0007n, 0xffffn, 1n]);
      maker.write(0, -cacheStructBack + 8 * (index >> 2), counts);
      return;
    }
    const head = -cacheStructBack + 128 + 8 * index;
    if (random.integer(0, 3) === 0) maker.write(0, head, random.pick(otherValues));
    else maker.damage(Opcode.writeAddress, 0, head, this.#near(), this.#anyBlock());
  }

  /** A header: the block's own, the next one's, or the one after that. */
  #forgeSize(): void {
    const random = this.#random;
    const id = this.#anyBlock();
    const chunk = chunkBytes(this.maker.sizeOf(id) ?? 0);
    const header = random.pick([-8, -8, chunk - 8, chunk - 8, chunk - 16, -16, chunk + 8, 2 * chunk - 8]);
    if (random.integer(0, 3) > 0) this.maker.write(id, header, this.#claimed());
    else this.maker.write(id, header, BigInt(chunk + 16 * random.integer(-2, 2)) | this.#flags());
  }

  #claimed(): bigint {
    return this.#random.pick(claimedSizes) | this.#flags();
  }

  #flags(): bigint {
    return this.#random.pick([0n, 1n, 1n, 1n, 2n, 3n, 4n, 5n]);
  }

  /** A link of a freed block, or what will be one; of the next block behind an overflow. */
  #forgeLink(): void {
    const random = this.#random;
    const { maker } = this;
    const id = this.#anyBlock();
    const chunk = chunkBytes(maker.sizeOf(id) ?? 0);
    const at = random.pick([0, 0, 8, 8, 16, 24, chunk, chunk + 8, chunk + 16]);
    const opcode = random.pick([
      Opcode.writeAddress,
      Opcode.writeMangled,
      Opcode.writeFirstChunk,
      Opcode.writeFirstChunkMangled,
      Opcode.write,
    ]);
    if (opcode === Opcode.write) maker.write(id, at, random.pick(otherValues));
    else if (opcode === Opcode.writeAddress || opcode === Opcode.writeMangled) {
      maker.damage(opcode, id, at, this.#near(), this.#anyBlock());
    } else {
      maker.damage(opcode, id, at, 16 * random.integer(0, 80));
    }
  }

  #near(): number {
    const random = this.#random;
    return random.integer(1, 12) === 1 ? random.integer(-24, 24) : 16 * random.integer(-3, 4);
  }
}

function chunkBytes(request: number): number {
  return Math.max(32, Math.floor((request + 23) / 16) * 16);
}

/**
 * Makes a trace with a memory error or several; what comes of it is up to the malloc.
 * @param seed any safe integer >= 0
 * @returns a trace named `damage-seed` of at most 300 operations
 * @throws ArgumentError ERR_OUT_OF_RANGE
 */
export function generateDamage(seed: number): Trace {
  const random = seededRandom(requireInteger('seed', seed));
  const maker = new TraceMaker(300);
  const writer = new DamageWriter(maker, random);
  maker.malloc(24);
  writer.live(random.integer(3, 60), random.pick([0.2, 0.4, 0.5]));
  for (let errors = random.integer(1, 5); errors > 0; errors--) {
    writer.damage();
    writer.live(random.integer(0, 12), 0.4);
  }
  writer.live(random.integer(10, 60), random.pick([0.3, 0.5, 0.7]));
  return maker.finish(`damage-${seed}`, 'a program with a memory error');
}
