/**
 * Reads what mtrace(3) of the GNU C library writes. Each line but the first and the last is a call, behind the place
 * it was made from: `@ program:(function+0x12)[0x401136] + 0x1c3a6b0 0x64`.
 *
 *   +  address size      malloc, calloc, memalign: the log does not tell them apart
 *   -  address           free
 *   <  address           realloc: the old block ...
 *   >  address size      ... and the new one, on the next line
 *   !  address size      realloc that got no memory
 */
import { CallCollector, countLines, LineReader } from './foreign-lines.ts';
import { Opcode, type Trace } from './trace.ts';

/** @returns true when the text starts as such a log does */
export function isMtrace(bytes: Uint8Array): boolean {
  return /^(?:= Start\r?\n|@ \S+ [-+<>!] )/.test(new TextDecoder('latin1').decode(bytes.subarray(0, 512)));
}

/**
 * @param bytes the log
 * @param file its name, for errors
 * @param name of the trace
 * @throws TraceError ERR_TRACE_FORMAT with the line
 */
export function parseMtrace(bytes: Uint8Array, file: string, name: string): Trace {
  const reader = new LineReader(bytes, file);
  const collector = new CallCollector(2 * countLines(bytes), reader);
  const { calls } = collector;
  let open: { id: number; before: number } | null = null;
  for (let text = reader.next(); text !== null; text = reader.next()) {
    if (text === '' || text.startsWith('= ')) continue;
    const words = text.split(' ');
    // The place may be missing; a program's name may hold blanks.
    const at = words.findLastIndex((word) => /^[-+<>!]$/.test(word));
    if (at < 0) reader.fail('expected a call: one of + - < > ! and an address');
    const sign = words[at];
    const address = words[at + 1] === '(nil)' ? 0 : reader.hex(words[at + 1], 'an address');
    if (open && sign !== '>') reader.fail('expected the second half of a realloc, ">"');
    if (sign === '-') calls.free(address);
    else if (sign === '<') open = { id: calls.reallocBegins(address), before: address };
    else if (sign === '>') {
      calls.reallocEnds(open?.id ?? -1, open?.before ?? 0, address, reader.hex(words[at + 2], 'a size'));
      open = null;
    } else if (sign === '+' && address !== 0) {
      calls.allocate(Opcode.malloc, address, reader.hex(words[at + 2], 'a size'));
    }
  }
  return collector.finish({ name, what: 'from mtrace', format: 'mtrace' });
}
