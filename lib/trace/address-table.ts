/** Which block number an address has: open addressing, no objects, for hundreds of millions of changes. */

const emptyKey = 0;
const firstSlots = 1 << 12;

/** A table from address to number. Addresses are above 0 and below 2^53. */
export class AddressTable {
  #keys = new Float64Array(firstSlots);
  #values = new Int32Array(firstSlots);
  #mask = firstSlots - 1;
  #used = 0;

  /** Enters an address that is not in the table. */
  set(address: number, value: number): void {
    if (2 * (this.#used + 1) > this.#mask) this.#grow();
    this.#put(address, value);
    this.#used++;
  }

  /** Takes an address out. @returns its number, -1 when it is not in the table */
  take(address: number): number {
    const keys = this.#keys;
    const mask = this.#mask;
    let slot = this.#slotOf(address);
    while (keys[slot] !== address) {
      if (keys[slot] === emptyKey) return -1;
      slot = (slot + 1) & mask;
    }
    const value = this.#values[slot];
    this.#used--;
    this.#close(slot);
    return value;
  }

  /** Closes the gap: later entries of the same run move up, so that no search ends too early. */
  #close(gap: number): void {
    const keys = this.#keys;
    const mask = this.#mask;
    let hole = gap;
    for (let slot = (gap + 1) & mask; keys[slot] !== emptyKey; slot = (slot + 1) & mask) {
      const home = this.#slotOf(keys[slot]);
      // Does the way from home to slot lead over the hole?
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      keys[hole] = keys[slot];
      this.#values[hole] = this.#values[slot];
      hole = slot;
    }
    keys[hole] = emptyKey;
  }

  #put(address: number, value: number): void {
    let slot = this.#slotOf(address);
    while (this.#keys[slot] !== emptyKey) slot = (slot + 1) & this.#mask;
    this.#keys[slot] = address;
    this.#values[slot] = value;
  }

  #slotOf(address: number): number {
    // Blocks are 16 bytes apart at least; the high half keeps arenas apart.
    const low = Math.floor(address / 16) | 0;
    const high = Math.floor(address / 2 ** 36) | 0;
    const mixed = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
    return (mixed ^ (mixed >>> 15)) & this.#mask;
  }

  #grow(): void {
    const keys = this.#keys;
    const values = this.#values;
    const slots = 2 * keys.length;
    this.#keys = new Float64Array(slots);
    this.#values = new Int32Array(slots);
    this.#mask = slots - 1;
    for (let slot = 0; slot < keys.length; slot++) {
      if (keys[slot] !== emptyKey) this.#put(keys[slot], values[slot]);
    }
  }
}
