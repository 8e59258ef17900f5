/** Protections set and undone in any order, against a stack of changes per page. No system call is made. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Protection } from '../../lib/index.ts';
import { type Change, ProtectionMap } from '../../lib/pages/protection-map.ts';

const pages = 16;
const words = ['none', 'r', 'rw', 'rx'] as const;

const change = fc.record({
  first: fc.nat({ max: pages - 1 }),
  count: fc.integer({ min: 1, max: pages }),
  word: fc.constantFrom(...words),
});
const undo = fc.record({ undone: fc.nat({ max: 30 }) });

it('each page has the latest change still in force, and all undone is as before', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(change, undo), { maxLength: 40 }), (steps) => {
      const map = new ProtectionMap(pages, 'rw');
      const model = Array.from({ length: pages }, () => [
        { made: undefined as Change | undefined, word: 'rw' as Protection },
      ]);
      const alive: Change[] = [];
      const end = (made: Change): void => {
        map.undo(made);
        for (const [page, layers] of model.entries())
          model[page] = layers.filter((layer) => layer.made !== made);
      };
      const check = (): void => {
        const listed = map.list(0, pages).flatMap(({ length, protection }) => Array(length).fill(protection));
        expect(listed).toEqual(model.map((layers) => layers[layers.length - 1].word));
      };
      for (const step of steps) {
        if ('undone' in step) {
          const [made] = alive.splice(step.undone % (alive.length || 1), 1);
          if (made) end(made);
        } else {
          const last = Math.min(step.first + step.count, pages);
          const made = map.set(step.first, last, step.word);
          alive.push(made);
          for (const layers of model.slice(step.first, last)) layers.push({ made, word: step.word });
        }
        check();
      }
      for (const made of alive) end(made);
      expect(map.uniform()).toBe('rw');
    }),
    { numRuns: 500 },
  );
});
