/** Lesson 1: memory comes from the system, by system calls, and the process map shows each of them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hex, PosixError } from '../core/index.ts';
import { type Mapping, mmap } from '../pages/index.ts';
import { pageSize, poke, programBreak } from '../posix/index.ts';
import { defineLesson, type StepPlan } from './lesson.ts';
import { type Notes, readWord } from './notes.ts';
import { asText, asWord, textFields } from './regions.ts';
import type { Lesson } from './step.ts';

interface State {
  memory: Mapping | null;
  file: Mapping | null;
  device: Mapping | null;
  /** Where the break was before it was moved. */
  oldBreak: bigint | null;
  folder: string | null;
}

/** The two first words of a mapping. */
const words = (title: string, address: bigint): Parameters<Notes['watch']>[0] => ({
  title,
  address,
  fields: textFields(16),
});

const byMmap: StepPlan<State> = {
  name: 'mmap',
  title: 'mmap: pages that were not there before',
  claim:
    'mmap gives the program fresh pages at an address of its own: a line more in the process map, and every byte is zero.',
  question: {
    text: 'What stands in the bytes that mmap gives?',
    choices: ['what another program left there', 'zeros', 'random bytes'],
    right: 1,
  },
  play: (state, notes) => {
    const length = 16 * pageSize();
    notes.watchMap();
    const memory = notes.call(
      `mmap(${length} bytes, rw)`,
      () => mmap({ length, name: 'lesson' }),
      ({ address }) => address,
    );
    state.memory = memory;
    notes.mapAround(memory.address, length);
    notes.appeared(words('the new pages', memory.address));
    notes.check('the first word is zero', 0n, readWord(memory.address));
    notes.check(
      'all bytes are zero',
      true,
      memory.bytes.every((byte) => byte === 0),
    );
    return 'Zeros: the system clears pages before it hands them out, or a program could read what others left.';
  },
};

const byMprotect: StepPlan<State> = {
  name: 'mprotect',
  title: 'mprotect: a policy for pages',
  claim:
    'mprotect says what may be done with pages. Where writing is forbidden the store itself is stopped, by the processor.',
  question: {
    text: 'A page is made read-only, then a byte of it is written. What happens?',
    choices: [
      'the write is stopped',
      'the byte changes all the same',
      'the write is delayed until it is allowed',
    ],
    right: 0,
  },
  play: ({ memory }, notes) => {
    if (memory === null) throw new Error('the step before made no mapping');
    const { address, pageSizeBytes: length } = memory;
    memory.bytes.write('writable');
    notes.watchMap();
    notes.watch(words('its first page', address));
    const restore = notes.call('mprotect(first page, r)', () => memory.protect('r', { length }));
    notes.mapAround(address, length);
    const refused = notes.attempt('store 0x21', () => poke(address, 0x21));
    notes.check('the store ends with', 'ERR_MEMORY_FAULT', refused?.code);
    notes.check('the bytes are as they were', asWord('writable'), readWord(address));
    restore[Symbol.dispose]();
    notes.call('mprotect(first page, rw)', () => memory.protect('rw', { length }));
    notes.call('store "changed!"', () => poke(address, asWord('changed!'), 8));
    notes.check('allowed again, a store arrives', asWord('changed!'), readWord(address));
    notes.call('mprotect(first page, r), once more', () => memory.protect('r', { length }));
    return 'It is stopped: the processor raises a fault at the very store, before the byte changes. The map shows the page read-only again: a line of its own.';
  },
};

const byBreak: StepPlan<State> = {
  name: 'break',
  title: 'brk and sbrk: where the program data ends',
  claim:
    'The old way: the program data has one end, the break, and sbrk moves it. Memory comes and goes at that end only, and the whole process shares it.',
  question: {
    text: 'sbrk(4096) returns an address. Which?',
    choices: ['the new end of the data', 'the old end, where the new bytes begin', 'a random free address'],
    right: 1,
  },
  play: (state, notes) => {
    const bytes = pageSize();
    const before = notes.call(
      'sbrk(0)',
      () => programBreak.current(),
      (end) => end,
    );
    notes.watchMap();
    const given = notes.call(
      `sbrk(${bytes})`,
      () => programBreak.sbrk(bytes),
      (end) => end,
    );
    state.oldBreak = given;
    notes.mapAround(given - 1n, bytes);
    notes.appeared(words('behind the old end', given));
    poke(given, asWord('new data'), 8);
    notes.check('sbrk returned the old end', before, given);
    notes.check('the end has moved by', BigInt(bytes), programBreak.current() - given);
    notes.check('the new bytes can be written', asWord('new data'), readWord(given));
    return `The old end, ${hex(given)}: the new bytes begin there. This process's own malloc grows by the same call, which is why nobody else should.`;
  },
};

const byFile: StepPlan<State> = {
  name: 'file',
  title: 'mmap of a file: its bytes are memory',
  claim:
    'mmap can put a file into memory: reading the bytes reads the file, writing them writes it, without read or write.',
  question: {
    text: 'A shared mapping of a file is written to. Who sees it?',
    choices: ['only this program', 'everybody who reads the file', 'nobody before msync'],
    right: 1,
  },
  play: (state, notes) => {
    state.folder = mkdtempSync(join(tmpdir(), 'chunkyard-lesson-'));
    const path = join(state.folder, 'words');
    writeFileSync(path, 'on disk '.repeat(512));
    notes.watchMap();
    const file = notes.call(
      'mmap(file "words", rw, shared)',
      () => mmap({ file: path, protection: 'rw', shared: true }),
      ({ address }) => address,
    );
    state.file = file;
    notes.mapAround(file.address, file.byteLength);
    notes.watch(words('the mapped file', file.address));
    notes.check("its first word is the file's", asWord('on disk '), readWord(file.address));
    notes.call('store "through "', () => file.bytes.write('through '));
    const read = notes.call(
      'read(file "words")',
      () => readFileSync(path, 'latin1').slice(0, 16),
      (text) => `"${text}..."`,
    );
    notes.check('the file now begins with', 'through on disk ', read);
    return 'Everybody: the mapping and the file are the same pages. msync only decides when they reach the disk.';
  },
};

const byDevice: StepPlan<State> = {
  name: 'device',
  title: 'mmap of a device: /dev/zero',
  claim:
    'A device is mapped the same way. /dev/zero gives zeros without end; mapped privately it is how programs got fresh memory before anonymous mappings.',
  question: {
    text: 'A private mapping of /dev/zero is written to. What does the device give the next reader?',
    choices: ['the bytes that were written', 'zeros, as always', 'an error'],
    right: 1,
  },
  play: (state, notes) => {
    const length = pageSize();
    notes.watchMap();
    const open = (): Mapping => mmap({ file: '/dev/zero', length, protection: 'rw', shared: false });
    const device = notes.call('mmap(/dev/zero, rw, private)', open, ({ address }) => address);
    state.device = device;
    notes.mapAround(device.address, length);
    notes.watch(words('the mapped device', device.address));
    notes.check('it begins with', 0n, readWord(device.address));
    notes.call('store "my copy."', () => device.bytes.write('my copy.'));
    notes.check('this mapping has its own copy', asWord('my copy.'), readWord(device.address));
    using second = open();
    notes.say(`mmap(/dev/zero, rw, private) = ${hex(second.address)}, once more`);
    notes.check('a second mapping begins with', 0n, readWord(second.address));
    return `Zeros, as always: the store made a private copy of the page (${asText(readWord(device.address) ?? 0n)}), the device never saw it.`;
  },
};

const giveBack: StepPlan<State> = {
  name: 'give-back',
  title: 'munmap: less memory again',
  claim:
    'What was asked for is given back by calls too: the lines leave the map, the addresses lead nowhere.',
  question: {
    text: 'What is at the address after munmap?',
    choices: ['the old bytes', 'zeros', 'nothing: an access is a fault'],
    right: 2,
  },
  play: (state, notes) => {
    const { memory, file, device } = state;
    if (memory === null) throw new Error('the first step made no mapping');
    const { address, byteLength } = memory;
    notes.watchMap();
    notes.mapAround(address, byteLength);
    notes.watch(words('the pages of the first step', address));
    notes.call(`munmap(${hex(address)})`, () => memory.unmap());
    notes.check('nothing can be read there', null, readWord(address));
    notes.check('views of it are empty', 0, memory.bytes.length);
    for (const mapping of [file, device])
      if (mapping) notes.call(`munmap(${hex(mapping.address)})`, () => mapping.unmap());
    returnBreak(state, notes);
    return 'Nothing. A view of it in JavaScript is empty from now on; a native access is a fault.';
  },
};

/** The rest of the process may have moved the break on: then the bytes stay, and that is said. */
function returnBreak(state: State, notes: Notes | null): void {
  if (state.oldBreak === null) return;
  const bytes = pageSize();
  state.oldBreak = null;
  const giveBackBreak = (): void => void programBreak.sbrk(-bytes);
  try {
    if (notes) notes.call(`sbrk(-${bytes})`, giveBackBreak);
    else giveBackBreak();
  } catch (error) {
    if (!(error instanceof PosixError)) throw error;
    notes?.say(`sbrk(-${bytes}) was refused: ${error.message}`);
  }
}

export const system: Lesson = defineLesson<State>({
  number: 1,
  name: 'system',
  title: 'Asking the system for memory',
  about:
    "Objects that are made while a program runs need memory, and memory is the system's. POSIX has calls to ask for it and to give it back. Each is made here for real, and the process map is read before and after.",
  open: () => ({ memory: null, file: null, device: null, oldBreak: null, folder: null }),
  close: (state) => {
    for (const mapping of [state.memory, state.file, state.device]) mapping?.unmap();
    returnBreak(state, null);
    if (state.folder !== null) rmSync(state.folder, { recursive: true, force: true });
  },
  steps: [byMmap, byMprotect, byBreak, byFile, byDevice, giveBack],
});
