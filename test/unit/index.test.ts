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
    'mmapWindow',
    'bufferWindow',
    'pageSize',
    'memoryMap',
    'isSupported',
    'attackTable',
    'defenceTable',
    'runAttack',
    'runAttackNatively',
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

it('exports Heap with every name of its interface', () => {
  const methods = [
    ...['malloc', 'calloc', 'realloc', 'memalign', 'free', 'usableSize', 'trim', 'mallopt'],
    ...[
      'view',
      'buffer',
      'address',
      'chunks',
      'bins',
      'stats',
      'check',
      'explainFree',
      'snapshot',
      'destroy',
    ],
  ];
  using heap = chunkyard.Heap.create({ source: chunkyard.bufferWindow({ sizeBytes: 2 ** 28 }) });
  for (const name of methods) expect(heap, name).toHaveProperty(name, expect.any(Function));
  expect(heap.bytes).toBeInstanceOf(Uint8Array);
  expect([heap.name, heap.glibc]).toEqual(['heap', '2.36']);
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
