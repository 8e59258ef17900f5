// Writes one byte past the accessible pages, into a page with protection `none`.
import { mmap, pageSize } from '../../../dist/index.js';

const page = pageSize();
const mapping = mmap({ length: 2 * page });
mapping.protect('none', { offset: page, length: page });
mapping.bytes[page - 1] = 1;
console.log('wrote the last byte before the guard');
mapping.bytes[page] = 1;
console.log('survived');
