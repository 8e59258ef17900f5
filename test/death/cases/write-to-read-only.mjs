// Writes to a read-only file mapping.
import { mmap } from '../../../dist/index.js';

const { bytes } = mmap({ file: process.argv[1] });
console.log(`read ${bytes.length > 0}`);
bytes[0] = 1;
console.log('survived');
