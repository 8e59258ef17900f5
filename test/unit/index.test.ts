/** The public index: every name users rely on, and no addon loaded by an import alone. */
import { expect, it } from 'vitest';
import * as chunkyard from '../../lib/index.ts';
import { compilePackage, runNode } from '../helpers/child.ts';

it('exports the names of mapped memory, page sources and the process', () => {
  const functions = [
    'mmap',
    'mmapSource',
    'fileSource',
    'breakSource',
    'bufferSource',
    'pageSize',
    'memoryMap',
    'isSupported',
  ];
  const classes = [
    'Mapping',
    'PosixError',
    'HeapError',
    'ArgumentError',
    'MappingError',
    'BufferTooLargeError',
  ];
  for (const name of [...functions, ...classes])
    expect(chunkyard, name).toHaveProperty(name, expect.any(Function));
  expect(chunkyard.programBreak).toHaveProperty('sbrk', expect.any(Function));
});

it('loads no addon until system memory is asked for', async () => {
  await compilePackage();
  const code = `
    const { bufferSource, mmap } = await import('./dist/index.js');
    const source = bufferSource({ limitBytes: 4096 });
    console.log(source.grow(4096));
    try { mmap({ length: 1 }); } catch (error) { console.log(error.code); }`;
  const env = { CHUNKYARD_ADDON: '/nowhere/chunkyard.node' };
  const result = await runNode(['--input-type=module', '--eval', code], { env });
  expect(result).toMatchObject({ code: 0, stdout: 'true\nERR_ADDON_NOT_LOADED\n', stderr: '' });
});
