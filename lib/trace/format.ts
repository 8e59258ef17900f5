/** Trace to text: `heap-trace 1` that reads back as the same operations. */
import { Opcode, type Trace } from './trace.ts';

const linesPerPiece = 10_000;

/**
 * Writes a trace as `heap-trace 1`.
 * @param trace any trace, whatever it was read from
 * @returns the text, newline at its end
 */
export function formatTrace(trace: Trace): string {
  return [...formatPieces(trace)].join('');
}

/** The same in pieces, as the text of a long trace is longer than a string may be. */
export function* formatPieces(trace: Trace): Generator<string> {
  let lines = headerLines(trace);
  const { threadSwitches, operationCount } = trace;
  let done = 0;
  for (const { operation, thread } of [...threadSwitches, { operation: operationCount, thread: -1 }]) {
    while (done < operation) {
      lines.push(formatOperation(trace, done++));
      if (lines.length < linesPerPiece) continue;
      yield `${lines.join('\n')}\n`;
      lines = [];
    }
    if (thread >= 0) lines.push(`t ${thread}`);
  }
  if (lines.length > 0) yield `${lines.join('\n')}\n`;
}

function headerLines(trace: Trace): string[] {
  const lines = ['# heap-trace 1', `# name ${oneLine(trace.name)}`];
  if (trace.what !== '') lines.push(`# what ${oneLine(trace.what)}`);
  lines.push(`# ops ${trace.operationCount}`, `# ids ${trace.blockCount}`, `# threads ${trace.threadCount}`);
  lines.push(`# peak-live-bytes ${trace.peakLiveBytes}`, `# live-at-end ${trace.liveAtEnd}`);
  return lines;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/**
 * Writes one operation as its line, without the newline.
 * @param trace the trace
 * @param index operation, 0 to `operationCount` - 1
 */
export function formatOperation(trace: Trace, index: number): string {
  const letter = String.fromCharCode(trace.opcodes[index]);
  const id = trace.ids[index];
  const size = trace.sizes[index];
  const extra = trace.extras[index];
  switch (trace.opcodes[index]) {
    case Opcode.malloc:
    case Opcode.calloc:
    case Opcode.realloc:
    case Opcode.read:
      return `${letter} ${id} ${size}`;
    case Opcode.memalign:
      return `${letter} ${id} ${extra} ${size}`;
    case Opcode.trim:
      return `${letter} ${size}`;
    case Opcode.mallopt:
      return `${letter} ${size} ${extra}`;
    case Opcode.write:
      return `${letter} ${id} ${size} 0x${trace.values[extra].toString(16)}`;
    case Opcode.writeAddress:
    case Opcode.writeMangled:
      return `${letter} ${id} ${size} ${trace.secondIds[index]} ${extra}`;
    case Opcode.writeFirstChunk:
    case Opcode.writeFirstChunkMangled:
      return `${letter} ${id} ${size} ${extra}`;
    case Opcode.alias:
      return `${letter} ${id} ${trace.secondIds[index]} ${extra}`;
    default:
      return `${letter} ${id}`;
  }
}
