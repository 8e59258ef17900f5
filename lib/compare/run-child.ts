/** Starts a program on a file and collects what it says. */
import { spawn } from 'node:child_process';
import { ReplayerError } from './replayer-error.ts';

/** One run of a program. */
export interface ChildCommand {
  /** Program and its arguments. */
  command: readonly [string, ...string[]];
  /** Descriptor that becomes its standard input. */
  input: number;
  environment: Record<string, string | undefined>;
}

/**
 * Runs a program to its end.
 * @param child what to run
 * @returns its standard output, bytes as latin1 characters
 * @throws ReplayerError ERR_REPLAYER_FAILED when it cannot start, or ends with anything but 0
 */
export function runChild(child: ChildCommand): Promise<string> {
  const [program, ...args] = child.command;
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void =>
      reject(new ReplayerError('ERR_REPLAYER_FAILED', `${program} ${args.join(' ')}: ${reason}`));
    const running = spawn(program, args, { stdio: [child.input, 'pipe', 'pipe'], env: child.environment });
    const said: Buffer[] = [];
    const complained: Buffer[] = [];
    running.stdout!.on('data', (piece: Buffer) => said.push(piece));
    running.stderr!.on('data', (piece: Buffer) => complained.push(piece));
    running.on('error', (error) => fail(error.message));
    running.on('close', (code, signal) => {
      if (code === 0) resolve(Buffer.concat(said).toString('latin1'));
      else
        fail(`ended with ${signal ?? `code ${code}`} ${Buffer.concat(complained).toString('latin1').trim()}`);
    });
  });
}
