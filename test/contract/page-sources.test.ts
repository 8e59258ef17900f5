/** One suite, every page source whose window is aligned; the break has its own, in a process of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { bufferSource, fileSource, mmapSource, pageSize } from '../../lib/index.ts';
import { pageSourceContract } from '../helpers/page-source-contract.ts';

const page = pageSize();
const folder = mkdtempSync(join(tmpdir(), 'chunkyard-sources-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

pageSourceContract({
  kind: 'mmap',
  create: (limitPages) => mmapSource({ limitBytes: limitPages * page, commitStepBytes: page }),
});
pageSourceContract({ kind: 'mmap', create: (limitPages) => mmapSource({ limitBytes: limitPages * page }) });
pageSourceContract({
  kind: 'file',
  create(limitPages) {
    const path = join(folder, `arena-${files++}`);
    return fileSource({ path, limitBytes: limitPages * page, commitStepBytes: page });
  },
});
pageSourceContract({
  kind: 'buffer',
  create: (limitPages) => bufferSource({ limitBytes: limitPages * 4096 }),
});
