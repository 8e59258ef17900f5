/** `chunkyard costs`: what a system call costs on this machine, against malloc. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import {
  type CaseInfo,
  type CostReport,
  compareReports,
  lessonFigures,
  parseReport,
  type ReportComparison,
  runStudy,
  selectCases,
  wayFigures,
} from '../../costs/index.ts';
import { UsageError } from '../failure.ts';
import type { Output } from '../output.ts';
import { renderComparison, renderLesson, renderWays } from '../study/findings.ts';
import { writePlots } from '../study/plots.ts';
import { renderCatalogue, renderReport } from '../study/table.ts';
import { measureTraceShare, type TraceShare } from '../study/trace-share.ts';
import { addExamples } from '../words.ts';

interface CostsOptions {
  quick?: boolean;
  only?: string[];
  json?: string | true;
  from?: string;
  against?: string;
  svg?: string;
  list?: boolean;
}

/** Everything one run of the command found. */
interface Findings {
  report: CostReport;
  share: TraceShare | null;
  comparison: ReportComparison | null;
}

/** Adds the command. */
export function addCosts(program: Command, output: Output): void {
  const command = program
    .command('costs')
    .description('Measure what system calls cost here, against malloc: in C++, in fresh processes.')
    .option('--quick', 'few samples, nothing large: under five seconds instead of about a minute')
    .option('--only <names>', 'cases or groups (see --list), separated by commas', splitNames)
    .option('--list', 'what can be measured, in words; measures nothing')
    .option(
      '--json [file]',
      'write one JSON document there; to standard output, and nothing else, without a file or with -',
    )
    .option(
      '--against <file>',
      'compare with an earlier JSON document: which differences are larger than noise',
    )
    .option('--from <file>', 'measure nothing, show what an earlier JSON document holds')
    .option('--svg <dir>', 'write plots there');
  addExamples(
    command,
    'costs --quick',
    'costs --only mmap,malloc-free-32',
    'costs --json before.json',
    'costs --against before.json --svg plots',
  );
  command.action(async (options: CostsOptions) => {
    if (options.list) {
      output.print(...renderCatalogue(output));
      return;
    }
    // Read before anything is measured: a wrong name is found at once.
    const before = options.against === undefined ? null : readReport(options.against);
    const findings = await find(options, before, output);
    if (options.svg !== undefined) {
      for (const path of writePlots(findings.report, options.svg)) output.note(`${path} written`);
    }
    show(findings, options, output);
  });
}

function splitNames(text: string, before: string[] = []): string[] {
  const names = text.split(',').map((name) => name.trim());
  return [...before, ...names.filter((name) => name !== '')];
}

function readReport(path: string): CostReport {
  return parseReport(readFileSync(path, 'utf8'), path);
}

async function find(options: CostsOptions, before: CostReport | null, output: Output): Promise<Findings> {
  const { from, only, quick = false } = options;
  if (from !== undefined && (only !== undefined || quick)) {
    throw new UsageError('--from shows what was measured: --only and --quick do not go with it');
  }
  const report = from === undefined ? await measureCases(chosenCases(only), quick, output) : readReport(from);
  const share = from === undefined && only === undefined ? await measureTraceShare(report) : null;
  return { report, share, comparison: before === null ? null : compareReports(before, report) };
}

function chosenCases(only: string[] | undefined): CaseInfo[] {
  if (only?.length === 0) throw new UsageError('--only names nothing; --list shows what there is');
  const selected = selectCases(only ?? []);
  if ('unknown' in selected) {
    throw new UsageError(`there is no case or group "${selected.unknown}"; --list shows what there is`);
  }
  return selected.cases;
}

async function measureCases(cases: CaseInfo[], quick: boolean, output: Output): Promise<CostReport> {
  const script = fileURLToPath(new URL('../study/child.js', import.meta.url));
  let progress: ReturnType<Output['progress']> | undefined;
  try {
    return await runStudy({
      ...{ cases, script, quick },
      onProgress: (done, total, name) => {
        progress ??= output.progress(name, total);
        progress.update(done, name);
      },
    });
  } finally {
    progress?.stop();
  }
}

function show(
  { report, share, comparison }: Findings,
  { json, against }: CostsOptions,
  output: Output,
): void {
  const { format, ...fields } = report;
  const document = {
    ...fields,
    lesson: lessonFigures(report),
    ways: wayFigures(report),
    ...(share === null ? {} : { trace: share }),
    ...(comparison === null ? {} : { against: comparison }),
  };
  if (json === true || json === '-') {
    output.printJson(format, document);
    return;
  }
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ format, ...document }, null, 2)}\n`);
  const sections = [
    renderReport(report, output),
    renderLesson(report, share, output),
    renderWays(report, output),
    comparison === null ? [] : renderComparison(comparison, against ?? '', output),
  ];
  const shown = sections.filter((lines) => lines.length > 0);
  output.print(...shown.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines])));
}
