/** How one run of a technique is told: needs, steps, end. */
import { type AttackResult, type NativeAttack, techniqueNamed } from '../../attacks/index.ts';
import type { Output } from '../output.ts';
import { wrap } from '../words.ts';

/** @returns lines: what it is, what was done, what came of it */
export function tellRun(result: AttackResult, output: Output): string[] {
  const { palette } = output;
  const { name, what, needs, corrupts, gains } = techniqueNamed(result.technique);
  const width = Math.min(output.width, 88);
  const fact = (label: string, text: string): string[] =>
    wrap(text, width - 12).map((line, index) => `${(index === 0 ? label : '').padEnd(12)}${line}`);
  return [
    palette.title(`${name}, glibc ${result.glibc}`),
    ...wrap(what, width),
    '',
    ...fact('needs', needs),
    ...fact('corrupts', corrupts),
    ...fact('gains', gains),
    '',
    ...result.steps.flatMap(({ kind, text }) => {
      if (kind === 'say') return ['', ...wrap(text, width)];
      const sign = { call: ' ', write: '!', read: '?', proof: '=' }[kind];
      return [kind === 'proof' ? palette.bad(`  ${sign} ${text}`) : `  ${sign} ${text}`];
    }),
    '',
    endOf('Here', result, output),
  ];
}

/** @returns one line: works, stopped or nothing to attack */
export function endOf(
  where: string,
  { outcome, message = '' }: Pick<AttackResult, 'outcome'> & { message?: string },
  { palette }: Output,
): string {
  if (outcome === 'works') return `${where}: ${palette.bad('it works.')}`;
  if (outcome === 'stopped') return `${where}: stopped by ${palette.good(message)}.`;
  return `${where}: nothing to attack: ${message}.`;
}

/** @returns what the native run adds */
export function tellNative(attack: NativeAttack, output: Output): string[] {
  const verdict = attack.agrees
    ? 'The same outcome, every placement and every word read the same.'
    : `They differ: ${attack.firstDifference ?? 'another outcome'}.`;
  return [endOf("This machine's malloc", attack.native, output), verdict];
}

/** @returns the run as a document */
export function documentOf({ technique, glibc, outcome, message, steps, claims }: AttackResult): object {
  const { what, needs, corrupts, gains, scope } = techniqueNamed(technique);
  const told = { technique, glibc, outcome, ...(message === undefined ? {} : { message }) };
  return { ...told, what, needs, corrupts, gains, scope, proved: claims.map((claim) => claim.what), steps };
}
