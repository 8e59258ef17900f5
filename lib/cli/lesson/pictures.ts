/** The heap at the moments of a step as SVG files, for slides. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LessonStep } from '../../lessons/index.ts';
import { renderSvg } from '../../view/index.ts';
import type { Output } from '../output.ts';

/**
 * Writes `LESSON-STEP-1.svg` and so on.
 * @param folder made if it is not there
 */
export function writePictures(steps: readonly LessonStep[], folder: string, output: Output): void {
  mkdirSync(folder, { recursive: true });
  for (const { lesson, name, title, pictures } of steps) {
    for (const [k, { label, snapshot }] of pictures.entries()) {
      const file = join(folder, `${lesson}-${name}-${k + 1}.svg`);
      writeFileSync(file, renderSvg(snapshot, { title, subtitle: label }));
      output.note(`${file}: ${label}`);
    }
  }
}
