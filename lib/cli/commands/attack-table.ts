/** `chunkyard attack table`: every technique on every version; as text, Markdown, JSON, SVG. */
import { writeFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { attackTable, attackVersions, defenceTable, layoutOf } from '../../attacks/index.ts';
import { type Defence, defences, type GlibcVersion } from '../../heap/index.ts';
import { type Grid, renderGrid, renderGridMarkdown, renderGridSvg } from '../../view/index.ts';
import { gridOfDefences, gridOfTable } from '../attack/grids.ts';
import { Disappointment } from '../failure.ts';
import type { Output } from '../output.ts';
import { addExamples, addJson, integerOption } from '../words.ts';

interface TableCommandOptions {
  defence?: Defence | 'all';
  glibc?: GlibcVersion;
  seeds?: number;
  markdown?: boolean;
  svg?: string;
  json?: boolean;
}

/** Adds the command. */
export function addAttackTable(parent: Command, output: Output): void {
  const command = parent
    .command('table')
    .description(
      'Run every technique on every glibc version: works, stopped by which message, or nothing to attack.',
    )
    .addOption(
      new Option('--defence <name>', 'with a defence; all: every defence, on one version').choices([
        ...Object.keys(defences),
        'all',
      ]),
    )
    .addOption(
      new Option('--glibc <version>', 'this version only (default with all: 2.36)').choices(attackVersions),
    )
    .option(
      '--seeds <n>',
      'make it <n> times, each with other addresses and another key; exit code 1 when two differ',
      integerOption(1, 1000),
    )
    .option('--markdown', 'print Markdown')
    .option('--svg <file>', 'write an SVG picture there instead; - for standard output');
  addJson(command);
  addExamples(
    command,
    'attack table',
    'attack table --defence quarantine',
    'attack table --defence all --glibc 2.36',
    'attack table --svg attacks.svg',
    'attack table --json | jq ".rows[0].cells"',
  );
  command.action((options: TableCommandOptions) => {
    const { document, grid } =
      options.defence === 'all' ? allDefences(options, output) : oneTable(options, output);
    if (options.svg !== undefined) writeSvg(options.svg, grid, output);
    else if (options.json) output.printJson('chunkyard-attack-table 1', document);
    else output.print(...(options.markdown ? renderGridMarkdown(grid) : renderGrid(grid, output)));
  });
}

function oneTable(options: TableCommandOptions, output: Output): { document: object; grid: Grid } {
  const { defence, glibc, seeds = 1 } = options;
  const chosen = {
    ...(defence === undefined || defence === 'all' ? {} : { defence }),
    ...(glibc === undefined ? {} : { versions: [glibc] }),
  };
  const bar = output.progress('attacks', seeds * 35);
  const make = (seed: number): ReturnType<typeof attackTable> =>
    attackTable({ ...chosen, layout: layoutOf(seed), onRow: (done) => bar.update((seed - 1) * 35 + done) });
  const table = make(1);
  const text = JSON.stringify(table);
  for (let seed = 2; seed <= seeds; seed++) {
    if (JSON.stringify(make(seed)) === text) continue;
    bar.stop();
    throw new Disappointment(`the table of seed ${seed} is not that of seed 1`);
  }
  bar.stop();
  if (seeds > 1) output.note(`${seeds} seeds, ${seeds} equal tables`);
  return { document: table, grid: gridOfTable(table) };
}

function allDefences(
  { glibc = '2.36' }: TableCommandOptions,
  output: Output,
): { document: object; grid: Grid } {
  const bar = output.progress('defences', Object.keys(defences).length);
  const table = defenceTable(glibc, (done) => bar.update(done));
  bar.stop();
  return { document: table, grid: gridOfDefences(table) };
}

function writeSvg(file: string, grid: Grid, output: Output): void {
  const svg = renderGridSvg(grid);
  if (file === '-') output.print(svg.trimEnd());
  else {
    writeFileSync(file, svg);
    output.note(`wrote ${file}`);
  }
}
