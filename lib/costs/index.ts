/** lib/costs: what a system call costs: the cases, measuring, statistics, comparison, the machine. */

export { type CostDifference, compareReports, type ReportComparison } from './against.ts';
export { mallocSizes } from './cases-work.ts';
export {
  type CaseInfo,
  caseInfo,
  catalogue,
  type GroupName,
  groupTitles,
  selectCases,
  undescribedCases,
} from './catalogue.ts';
export { guardLoops } from './guard-loops.ts';
export { joinLaunches, type LaunchesSummary } from './join-launches.ts';
export { type LaunchAnswer, type LaunchRequest, launch, serveLaunch } from './launch.ts';
export { type LessonFigure, lessonFigures, type WayFigure, wayFigures } from './lesson.ts';
export { type Load, LoadWatch, warningFor } from './load.ts';
export {
  addonMallocLoops,
  allocatorLoops,
  crossingLoops,
  type LoopCase,
  type TimedAllocator,
} from './loops.ts';
export { describeMachine, type Machine } from './machine.ts';
export {
  type CostCase,
  type CostTable,
  type Effort,
  type Loop,
  type MeasuredCase,
  type MissingCost,
  measure,
  measureAll,
  measureLoop,
} from './measure.ts';
export { parseReport, ReportError } from './parse-report.ts';
export { type CostReport, type ReportedCase, reportFormat, runStudy, type StudyOptions } from './study.ts';
