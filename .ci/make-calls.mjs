// Makes a known number of each memory call through the public API, all on ranges of one tell-tale length, so that
// strace can count them apart from Node's own. Prints the counts expected as JSON.
import { isSupported, mmap, programBreak } from '../dist/index.js';

const rounds = 50;
const length = 291 * 4096; // 0x123000: nobody else maps this
const grown = 292 * 4096;
const expected = {
  mmap: 0,
  munmap: 0,
  mprotect: 0,
  madvise: 0,
  msync: 0,
  mlock: 0,
  munlock: 0,
  mincore: 0,
  mremap: 0,
  brk: 0,
};
for (let round = 0; round < rounds; round++) {
  const mapping = mmap({ length });
  expected.mmap++;
  mapping.bytes[length - 1] = 1;
  mapping.protect('r')[Symbol.dispose](); // there and back
  expected.mprotect += 2;
  mapping.advise('normal');
  expected.madvise++;
  mapping.sync();
  expected.msync++;
  mapping.lock();
  expected.mlock++;
  mapping.unlock();
  expected.munlock++;
  mapping.residency();
  expected.mincore++;
  if (isSupported('mremap')) {
    mapping.resize(grown); // the old length goes in here, and there it is the new one
    mapping.resize(length);
    expected.mremap += 2;
  }
  mapping.unmap();
  expected.munmap++;
}
if (isSupported('programBreak')) {
  for (let round = 0; round < rounds; round++) {
    programBreak.sbrk(length);
    programBreak.sbrk(-length);
    expected.brk += 2;
  }
}
process.stdout.write(JSON.stringify(expected));
