/** An allocator that is asked for by name and is not there is the user's to install: no defect of ours. */
import { type PreloadName, requirePreload } from '../compare/index.ts';
import { UsageError } from './failure.ts';

/**
 * @param name which allocator
 * @returns its library
 * @throws UsageError, which says how to install it
 */
export function installedPreload(name: PreloadName): string {
  try {
    return requirePreload(name);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
