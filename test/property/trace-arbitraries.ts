/** Random traces, and random damage to the bytes of a file. */
import fc from 'fast-check';

/** Lines of a valid trace, kept valid by building it from live and free numbers. */
export const validTraces: fc.Arbitrary<string> = fc
  .array(fc.record({ pick: fc.nat(), kind: fc.nat(9), size: fc.maxSafeNat(), alignment: fc.nat(20) }), {
    maxLength: 200,
  })
  .map((steps) => {
    const live: number[] = [];
    const lines = ['# heap-trace 1', '# name random'];
    let next = 0;
    for (const { pick, kind, size, alignment } of steps) {
      const bytes = kind % 2 === 0 ? size % 5000 : size;
      if (live.length > 0 && kind >= 5) {
        const index = pick % live.length;
        if (kind === 5 && bytes > 0) lines.push(`r ${live[index]} ${bytes}`);
        else lines.push(`f ${live.splice(index, 1)[0]}`);
      } else if (kind === 4) {
        lines.push(pick % 2 === 0 ? 'f -1' : `t ${pick % 9}`);
      } else {
        live.push(next);
        lines.push(
          kind === 3 ? `m ${next} ${2 ** alignment} ${bytes}` : `${'aac'[kind % 3]} ${next} ${bytes}`,
        );
        next++;
      }
    }
    return `${lines.join('\n')}\n`;
  });

/** One change of a file. */
export interface Mutation {
  at: number;
  kind: string;
  byte: number;
  length: number;
}

/** A few changes. */
export const mutations: fc.Arbitrary<Mutation[]> = fc.array(
  fc.record({
    at: fc.nat(),
    kind: fc.constantFrom('flip', 'cut', 'insert', 'repeat'),
    byte: fc.nat(255),
    length: fc.nat(40),
  }),
  { minLength: 1, maxLength: 6 },
);

/** @returns the bytes with the changes made */
export function mutate(bytes: Uint8Array, changes: readonly Mutation[]): Buffer {
  let result = Buffer.from(bytes);
  for (const { at, kind, byte, length } of changes) {
    const place = at % (result.length + 1);
    const head = result.subarray(0, place);
    const tail = result.subarray(place);
    if (kind === 'flip' && place < result.length) result[place] = byte;
    if (kind === 'cut') result = Buffer.concat([head, tail.subarray(length)]);
    if (kind === 'insert') result = Buffer.concat([head, Buffer.alloc(length, byte), tail]);
    if (kind === 'repeat') result = Buffer.concat([head, tail.subarray(0, length), tail]);
  }
  return result;
}
