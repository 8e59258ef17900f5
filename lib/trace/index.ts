export {
  type TraceBatch,
  type TraceStream,
  type TraceStreamHead,
  type TraceTotals,
  traceStream,
} from './batch.ts';
export { writeOperations } from './cytrace.ts';
export type { CytraceHead, CytraceTotals, Numbering } from './cytrace-layout.ts';
export { CytraceWriter } from './cytrace-write.ts';
export { decompress } from './decompress.ts';
export { formatOperation, formatTrace } from './format.ts';
export { type GenerateOptions, generateTrace, type TraceProfile, traceProfiles } from './generate.ts';
export { generateDamage } from './generate-damage.ts';
export { distributions, lifetimes, type Mix } from './generate-mix.ts';
export { writeGenerated } from './generate-stream.ts';
export { traceHead } from './head.ts';
export { type SizeClass, streamInfo, type TraceInfo, traceInfo } from './info.ts';
export { type ParseTraceOptions, parseTrace } from './parse.ts';
export { openTrace, type ReadTraceOptions, readTrace } from './read.ts';
export { type RecordOptions, type RecordResult, record } from './record.ts';
export { RecordError, type RecordErrorCode } from './record-error.ts';
export type { RecordedProcess } from './recorded-process.ts';
export { type ReplayOptions, type ReplayResult, replay, runOperation } from './replay.ts';
export { ReplayError, type ReplayErrorCode } from './replay-error.ts';
export {
  freeLeftovers,
  type LoopProgram,
  loopPointers,
  loopProgram,
  replayLoop,
} from './replay-loop.ts';
export { builtInTraces } from './source.ts';
export { allocates, Opcode, type OpcodeValue, type ThreadSwitch, type Trace } from './trace.ts';
export { TraceError, type TraceErrorCode } from './trace-error.ts';
export { TraceMaker } from './trace-maker.ts';
export { encodeTrace, writeCytrace, writeText, writeTraceFile } from './write.ts';
