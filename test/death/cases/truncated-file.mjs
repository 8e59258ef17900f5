// Reads a page of a file mapping after the file was cut off before it.
import { ftruncateSync, openSync } from 'node:fs';
import { mmap, pageSize } from '../../../dist/index.js';

const page = pageSize();
const fd = openSync(process.argv[2], 'w+');
ftruncateSync(fd, 2 * page);
const { bytes } = mmap({ file: fd, protection: 'rw' });
bytes[page] = 5;
ftruncateSync(fd, page);
console.log(`first page reads ${bytes[0]}`);
console.log(`second page reads ${bytes[page]}`);
