/**
 * Puts this machine's binaries where a published package has them: prebuilds/<platform>-<arch>/. Run by `npm pack`
 * (prepack). A release gathers the folders of every platform before it packs; other folders are left as they are.
 */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = join(root, 'prebuilds', `${process.platform}-${process.arch}`);
mkdirSync(target, { recursive: true });
const recorder = process.platform === 'darwin' ? 'recorder.dylib' : 'recorder.so';
for (const file of ['chunkyard.node', 'replayer', recorder]) {
  copyFileSync(join(root, 'build', 'Release', file), join(target, file));
}
