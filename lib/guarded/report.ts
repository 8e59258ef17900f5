/**
 * Reports of hits, as text and as one line of JSON. The native half (a process that dies) writes the same two; so
 * the first three lines stand alone, and the JSON has the fields of `MemoryFaultError.fault`.
 */
import { writeSync } from 'node:fs';
import { type FaultBlock, hex, type MemoryFault } from '../core/index.ts';

const indent = (stack: string): string[] => stack.split('\n').map((line) => `    ${line}`);

/**
 * Writes a hit as text.
 * @returns lines; no line ends with a newline
 */
export function formatFault(fault: MemoryFault): string[] {
  const { kind, access, address, range, offsetBytes, block, jsStack } = fault;
  const where = range === null ? '' : ` ("${range}", +${hex(offsetBytes)})`;
  return [
    `==${process.pid}==ERROR: chunkyard: ${kind}: ${access.toUpperCase()} at ${hex(address)}${where}`,
    `  ${describePlace(fault)}`,
    `  thread ${fault.thread}${fault.threadId > 0 ? ` (tid ${fault.threadId})` : ''}, ${describeCause(fault)}`,
    ...(jsStack === null ? [] : [`  ${stackTitle(fault)}:`, ...indent(jsStack)]),
    ...(block === null ? [] : formatSites(block)),
    `  SUMMARY: ${kind} ${firstFrame(fault)}`,
  ];
}

function stackTitle({ signal }: MemoryFault): string {
  return signal === null ? 'found here' : 'JS stack (taken at the next safepoint, may be one call late)';
}

function describePlace({ block, distanceBytes, offsetBytes, address }: MemoryFault): string {
  if (block === null) return 'no block is near';
  const start = address - BigInt(offsetBytes - block.pointer);
  const freed = block.state === 'freed' ? 'freed ' : '';
  const what =
    `${freed}${block.sizeBytes}-byte allocation #${block.number} ` +
    `[${hex(start)},${hex(start + BigInt(block.sizeBytes))})`;
  if (distanceBytes === null) return `${offsetBytes - block.pointer} bytes into ${what}`;
  if (distanceBytes < 0) return `${-distanceBytes} bytes before the start of ${what}`;
  const slack = block.slackBytes > 0 ? `, slack of ${block.slackBytes} bytes before the guard` : '';
  return `${distanceBytes} bytes past the end of ${what}${slack}`;
}

function describeCause({ signal, signalCode, pc, code }: MemoryFault): string {
  if (signal === null) return 'no signal: the bytes around the block were changed since it was allocated';
  const place = { jit: 'JIT code', node: 'Node', addon: 'the addon', library: 'a library', unknown: '' }[
    code
  ];
  return `${signal} code ${signalCode}, pc ${hex(pc)}${place === '' ? '' : ` in ${place}`}`;
}

function formatSites(block: FaultBlock): string[] {
  const lines: string[] = [];
  const add = (what: string, msBefore: number, thread: string, stack: string | null): void => {
    lines.push(
      `  ${what} ${Math.round(msBefore)} ms earlier by thread ${thread}${stack === null ? ', stack not kept' : ':'}`,
    );
    if (stack !== null) lines.push(...indent(stack));
  };
  if (block.freedMsBefore !== null) add('freed', block.freedMsBefore, block.freedBy ?? '?', block.freedAt);
  add('allocated', block.allocatedMsBefore, block.allocatedBy, block.allocatedAt);
  return lines;
}

function firstFrame({ jsStack, block }: MemoryFault): string {
  return (jsStack ?? block?.freedAt ?? block?.allocatedAt ?? 'at an unknown place').split('\n')[0];
}

/**
 * Writes a hit as one JSON document; addresses as `0x` strings, stacks as arrays of lines.
 * @returns what `JSON.stringify` takes
 */
export function faultDocument(fault: MemoryFault): object {
  const lines = (stack: string | null): string[] | null => stack?.split('\n') ?? null;
  const { block } = fault;
  return {
    format: 'chunkyard-fault 1',
    ...fault,
    address: hex(fault.address),
    pc: hex(fault.pc),
    jsStack: lines(fault.jsStack),
    block: block && { ...block, allocatedAt: lines(block.allocatedAt), freedAt: lines(block.freedAt) },
  };
}

/** Writes a hit as a line of JSON where CHUNKYARD_REPORT_FD points; nothing when it points nowhere. */
export function writeReportLine(fault: MemoryFault): void {
  const text = process.env.CHUNKYARD_REPORT_FD ?? '';
  if (!/^\d+$/.test(text)) return;
  try {
    writeSync(Number(text), `${JSON.stringify(faultDocument(fault))}\n`);
  } catch {
    // Whoever reads the reports may have gone: that is no reason to disturb the program.
  }
}
