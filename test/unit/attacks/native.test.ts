/** The same programs on this machine's malloc: same outcome, same message, line by line the same. */
import { describe, expect, it } from 'vitest';
import { attacks, runAttackNatively, techniques } from '../../../lib/attacks/index.ts';
import { machineGlibc } from '../../../lib/compare/index.ts';

const glibc = machineGlibc();
const elsewhere: Readonly<Record<string, RegExp>> = {
  house_of_roman: /C library's own data/,
  house_of_gods: /C library's own data/,
  tcache_relative_write: /C library's own data/,
  house_of_io: /follows a pointer/,
  tcache_metadata_hijacking: /before 2\.42/,
};

describe.skipIf(glibc === null)(`natively, on glibc ${glibc}`, () => {
  it.each(techniques.map(({ name }) => name))('%s ends as simulated', async (name) => {
    const both = await runAttackNatively(name);
    if ('reason' in both) {
      expect(both.reason).toMatch(glibc === '2.36' ? (elsewhere[name] ?? /^never$/) : /\w/);
      return;
    }
    expect(both.firstDifference).toBeNull();
    expect(both.native.outcome).toBe(both.simulated.outcome);
    expect(both.native.message).toBe(both.simulated.message);
    expect(both.agrees).toBe(true);
  });

  it.skipIf(glibc !== '2.36')('is where 30 of 35 can run', () => {
    expect(attacks.length - Object.keys(elsewhere).length).toBe(30);
  });
});
