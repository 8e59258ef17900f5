/** Finds the library that is loaded into recorded programs. */
import { RecordError } from './record-error.ts';

/**
 * Finds the recorder.
 * @param folder where a copy is put if its own path cannot stand in LD_PRELOAD, a list between blanks and colons
 * @returns its path
 * @throws RecordError ERR_RECORD_UNSUPPORTED
 */
export async function recorderPath(folder: string): Promise<string> {
  const { copyFile } = await import('node:fs/promises');
  const { existsSync } = await import('node:fs');
  const { fileURLToPath } = await import('node:url');
  const file = process.platform === 'darwin' ? 'recorder.dylib' : 'recorder.so';
  const places = [`build/Release/${file}`, `prebuilds/${process.platform}-${process.arch}/${file}`];
  // The same distance from lib/trace and from dist/trace.
  const paths = places.map((place) => fileURLToPath(new URL(`../../${place}`, import.meta.url)));
  const found = paths.find((path) => existsSync(path));
  if (found === undefined) {
    const where = paths.join(' or ');
    throw new RecordError(
      'ERR_RECORD_UNSUPPORTED',
      `no recorder at ${where}; build it with "npm run build:native"`,
    );
  }
  if (!/[\s:]/.test(found)) return found;
  await copyFile(found, `${folder}/${file}`);
  return `${folder}/${file}`;
}
