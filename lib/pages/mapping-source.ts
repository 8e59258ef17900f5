/** The first pages of a mapping as a page source of fixed size: for an arena whose pages somebody else protects. */
import type { PageSource } from '../core/index.ts';
import type { Mapping } from './mapping.ts';

/**
 * Makes a source that neither grows nor shrinks.
 * @param mapping all of it stays its owner's to protect; `release` unmaps it
 * @param committedBytes bytes from its start, a multiple of the page size
 * @returns the source
 */
export function mappingSource(mapping: Mapping, committedBytes: number): PageSource {
  return {
    kind: 'file',
    baseAddress: mapping.address,
    pageSizeBytes: mapping.pageSizeBytes,
    limitBytes: committedBytes,
    committedBytes,
    buffer: mapping.buffer,
    systemCalls: {},
    grow: () => false,
    shrink: () => false,
    release: () => mapping.unmap(),
  };
}
