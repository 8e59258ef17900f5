// Splits one mapping until the kernel's limit of mappings per process is near. Prints one JSON line.
import { memoryMap, mmap, pageSize } from '../../../dist/index.js';

const page = pageSize();
const mapping = mmap({ length: 200_000 * page, noReserve: true });
let refusal;
let changed = 0;
try {
  for (; changed < 100_000; changed++) mapping.protect('r', { offset: 2 * changed * page, length: page });
} catch (error) {
  refusal = error;
}
const [{ protection }] = mapping.protections({ offset: 2 * changed * page, length: page });
const real = memoryMap().find(({ start, end }) => start <= refusal.address && refusal.address < end);

// The engine must still have room: megabytes of objects, buffers, a thread's worth of mappings.
const objects = Array.from({ length: 200_000 }, (_, index) => ({ index, text: `number ${index}` }));
const buffers = Array.from({ length: 200 }, () => new Uint8Array(300_000));
mapping.protect('rw');
const { code, syscall, message } = refusal;
console.log(
  JSON.stringify({
    code,
    syscall,
    namesLimit: /vm\.max_map_count/.test(message),
    agrees: protection === 'rw' && real.protection === 'rw-',
    alive: objects.length + buffers.length === 200_200 && mapping.protection === 'rw',
  }),
);
