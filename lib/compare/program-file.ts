/** Bytes handed to a child process as its standard input: a file without a name, gone when the last one closes it. */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An open file that no folder lists. */
export class NamelessFile {
  readonly descriptor: number;
  #open = true;

  /** @param contents written at once */
  constructor(contents: Uint8Array) {
    const folder = mkdtempSync(join(tmpdir(), 'chunkyard-'));
    try {
      this.descriptor = openSync(join(folder, 'program'), 'wx+', 0o600);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    for (let at = 0; at < contents.length; )
      at += writeSync(this.descriptor, contents, at, contents.length - at, at);
  }

  /** Closes it here; children that hold it keep it. Idempotent. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.descriptor);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
