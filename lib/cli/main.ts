#!/usr/bin/env node
/** The executable: parses, runs, and leaves the exit code that the failure asks for. Never calls process.exit on
 * the way, so that everything written is read. */
import { CommanderError } from 'commander';
import { exitCode, judge } from './failure.ts';
import { openOutput } from './output.ts';
import { makeProgram } from './program.ts';

/** Whoever reads our output may stop reading: `chunkyard ... | head` is no failure. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
}
process.on('uncaughtException', fail);

try {
  await makeProgram(openOutput()).parseAsync();
} catch (error) {
  fail(error);
}

function fail(error: unknown): void {
  // Commander has printed its message, or the help that was asked for.
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? exitCode.done : exitCode.usage;
    return;
  }
  const { code, message } = judge(error);
  process.exitCode = code;
  if (message !== '') process.stderr.write(`chunkyard: ${message}\n`);
}
