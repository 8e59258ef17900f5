// Prints a mapping, then its bytes, which may not be read.
import { mmap, pageSize } from '../../../dist/index.js';

const mapping = mmap({ length: pageSize(), protection: 'none' });
console.log(String(mapping.protection), mapping !== null);
console.log(mapping.bytes);
console.log('survived');
