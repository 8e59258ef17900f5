/** One suite, every window source. */
import { bufferWindow } from '../../lib/heap/index.ts';
import { mmapWindow, pageSize } from '../../lib/index.ts';
import { windowSourceContract } from '../helpers/window-source-contract.ts';

windowSourceContract({
  name: 'a plain ArrayBuffer',
  kind: 'buffer',
  create: (sizeBytes) => bufferWindow({ sizeBytes }),
});
windowSourceContract({ name: 'a mapping', kind: 'mmap', create: (sizeBytes) => mmapWindow({ sizeBytes }) });
windowSourceContract({
  name: 'a mapping, each commit a call',
  kind: 'mmap',
  create: (sizeBytes) => mmapWindow({ sizeBytes, commitStepBytes: pageSize() }),
});
