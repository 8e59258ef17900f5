/** The log of one process becomes a `.cytrace`, in constant memory. */

import type { CytraceHead } from './cytrace-layout.ts';
import { CytraceWriter } from './cytrace-write.ts';
import { parseRawHeader, type RawHeader, RawLogConverter, rawHeaderBytes } from './raw-log.ts';
import { basename, type RecordedProcess } from './recorded-process.ts';
import { SiteNames } from './site-names.ts';
import { writeTraceFile } from './write.ts';

const recordsAtATime = 32_768;

/** A log that has been looked at. */
export interface FoundLog {
  path: string;
  header: RawHeader;
  /** Which of its process's programs it is, from 0: one after the other by exec. */
  image: number;
}

/**
 * Lists the logs of a recording.
 * @param folder where the recorder put them
 * @returns those that are complete enough to be read, by process and program
 */
export async function findLogs(folder: string): Promise<FoundLog[]> {
  const { open, readdir } = await import('node:fs/promises');
  const found: FoundLog[] = [];
  for (const name of await readdir(folder)) {
    const image = /^\d+\.(\d+)\.log$/.exec(name)?.[1];
    if (image === undefined) continue;
    const path = `${folder}/${name}`;
    await using file = await open(path);
    const bytes = new Uint8Array(rawHeaderBytes);
    await file.read(bytes, 0, rawHeaderBytes, 0);
    const header = parseRawHeader(bytes);
    if (header) found.push({ path, header, image: Number(image) });
  }
  return found.sort((a, b) => a.header.process - b.header.process || a.image - b.image);
}

/**
 * Converts a log.
 * @param log what to convert
 * @param output the file to write; whatever was there is replaced
 * @param onProgress told the records done
 * @returns what became of it
 */
export async function convertLog(
  log: FoundLog,
  output: string,
  onProgress: (records: number) => void = () => {},
): Promise<RecordedProcess> {
  let report: Omit<RecordedProcess, 'file' | 'fileBytes'> | undefined;
  const { bytes } = await writeTraceFile(output, async (emit) => {
    report = await convert(log, emit, onProgress);
    return report.operations;
  });
  return { ...(report as NonNullable<typeof report>), file: output, fileBytes: bytes };
}

async function convert(
  { path, header }: FoundLog,
  emit: (piece: Uint8Array) => void,
  onProgress: (records: number) => void,
): Promise<Omit<RecordedProcess, 'file' | 'fileBytes'>> {
  const writer = await CytraceWriter.open(headOf(header), emit);
  const sites = new SiteNames();
  const converter = new RawLogConverter(header, {
    push: (opcode, id, size, alignment) => writer.push(opcode, id, size, alignment),
    switchThread: (thread) => writer.switchThread(thread),
    stamp: (timeNs) => writer.stamp(timeNs),
    site: (address) => writer.site(sites.indexOf(address)),
  });
  for await (const records of readRecords(path, header)) {
    converter.convert(records);
    onProgress(records.length / header.recordBytes);
  }
  const seen = {
    ...converter.counts,
    failedAllocations: header.failedAllocations,
    unfinishedCalls: converter.unfinished,
    lostRecords: Math.max(0, header.claimed - header.capacity),
    ended: header.ended,
  };
  const totals = writer.finish(header.sites ? sites.names(await readMaps(path)) : [], seen);
  const { recording: _, ...counted } = totals;
  const { process, parent, command, forked } = header;
  return { program: basename(command[0]), command, process, parent, forked, ...counted, ...seen };
}

function headOf({ command, process, parent, forked, times, sites }: RawHeader): CytraceHead {
  return {
    name: basename(command[0]),
    what: command.join(' '),
    numbering: 'recycled',
    ...{ times, sites },
    source: 'record',
    recording: { command, process, parent, forked },
  };
}

/** The records there are, in pieces. A process that still runs adds to them: those claimed at the beginning count. */
async function* readRecords(path: string, header: RawHeader): AsyncGenerator<Uint8Array> {
  const { open } = await import('node:fs/promises');
  const { recordBytes } = header;
  await using file = await open(path);
  const piece = new Uint8Array(recordsAtATime * recordBytes);
  let left = Math.min(header.claimed, header.capacity);
  for (let at = rawHeaderBytes; left > 0; ) {
    const { bytesRead } = await file.read(piece, 0, Math.min(recordsAtATime, left) * recordBytes, at);
    const records = Math.floor(bytesRead / recordBytes);
    if (records === 0) return;
    yield piece.subarray(0, records * recordBytes);
    at += records * recordBytes;
    left -= records;
  }
}

async function readMaps(logPath: string): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  return await readFile(`${logPath}.maps`, 'utf8').catch(() => '');
}
