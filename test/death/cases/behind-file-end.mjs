// Reads the last page of a file, to its end, and then a page behind it.
import { writeFileSync } from 'node:fs';
import { mmap, pageSize } from '../../../dist/index.js';

const page = pageSize();
writeFileSync(process.argv[2], 'short');
const { bytes } = mmap({ file: process.argv[2], length: 2 * page });
console.log(`behind the end, same page: ${bytes[page - 1]}`);
console.log(`behind the last page: ${bytes[page]}`);
