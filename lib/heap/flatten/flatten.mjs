/**
 * Writes the module of heap classes that the package ships: `node flatten.mjs DIST/heap`.
 *
 * V8 inlines only so much text into a function, and each call that it leaves costs about 3 ns, so the compiled
 * variants.js is replaced by one whose classes hold the long ways of malloc and free in one method each, with the hot
 * methods they call written out (docs/decisions/0006). Nobody edits the outcome; what people read and edit are the
 * modules beside this folder, and test/unit/heap/flatten.test.ts holds both together.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { generate } from 'astring';
import { readClasses } from './classes.mjs';
import { Inliner } from './inliner.mjs';

/** The classes of the versions that people run; the text of a class takes some 2 ms to load. */
const flatClasses = ['GlibcHeap', 'MainHeap', 'PlainHeap', 'PlacesHeap'];

/** Methods that are written anew, and the hot ones that stay calls in them: they would be there twice. */
const entries = {
  mallocUncached: [],
  freeUncached: [],
  alloc: [],
  freeInternally: [],
  consolidate: [],
  stashSmall: [],
  callocBytes: ['alloc'],
  resize: ['alloc', 'freeInternally'],
};

/** What is written out: all that runs often and ends in no error. */
const hot = new Set([
  ...['alloc', 'allocAny', 'allocChunk', 'isSuspect', 'requireOpen'],
  ...['cacheHas', 'cacheRoom', 'cachePut', 'cacheTake', 'cacheHeadAt', 'countTaken'],
  ...['takeFast', 'popFast', 'takeSmall', 'scan', 'takeStashed', 'cutLastRemainder', 'binSmall'],
  ...['largeBinIndex', 'insertLarge', 'insertSmallest', 'insertRing', 'bestFit', 'preferSecond'],
  ...['findInMap', 'takeOut', 'cutTop', 'clear', 'clearBlock'],
  ...['freeAtExit', 'freeInternally', 'freeToBins', 'freeFast', 'freeNormal', 'arenaOfChunk', 'mainArena'],
  ...['unlink', 'unlinkSize', 'insertSmall', 'insertUnsorted', 'merge', 'mergeIntoTop'],
  ...['consolidateSlot', 'tidy', 'topSize', 'systemMem'],
  ...['resizeChunk', 'resizeIntoTop', 'shrink', 'copy'],
]);

/** Fields that no call changes. */
const views = ['w', 'h', 'hi'];

/** Those that are variables of the function around `FirstHeap`; a parameter would be no constant for V8. */
const firstViews = ['w', 'h'];
const firstConstants = firstViews.map((name) => `const $${name} = _${name};\n`).join('');

/** Fields that are the same in all heaps of `MainHeap`. */
const constantFields = [
  ...[
    'topAt',
    'lastRemainderAt',
    'headsAt',
    'unsortedAt',
    'binmapAt',
    'systemMemAt',
    'fastbinsAt',
    'haveFastAt',
  ],
  ...['fastMask', 'noFast', 'linkMask', 'linkAlign', 'directBelow', 'maxFastWord', 'perturbWord'],
  ...['cacheLength', 'cacheMaxChunk', 'cacheMaxRequest', 'cacheUnsortedLimit', 'threaded', 'arena'],
];

const emptyClass = /class (\w+) extends (\w+) \{\s*\}/g;

const folder = resolve(process.argv[2]);
const path = join(folder, 'variants.js');
const classes = await readClasses(folder);
const imports = new Map();

/** @returns values of the constant fields of a class, by name; of `MainHeap` only */
async function constantsOf(name) {
  if (name !== 'MainHeap') return new Map();
  const { bufferWindow } = await import(pathToFileURL(join(folder, 'buffer-window.js')).href);
  const { Heap } = await import(pathToFileURL(join(folder, 'heap.js')).href);
  const heap = Heap.create({ source: bufferWindow({ sizeBytes: 2 ** 28 }), sharedCode: true });
  if (heap.constructor.name !== name) throw new Error(`the usual heap is no ${name}`);
  return new Map(constantFields.map((field) => [field, heap[field]]));
}

/** @returns the text of class `name`, with the methods as `like` has them; `given` views are variables around it */
async function flatClass(name, parent, like = name, given = []) {
  const constants = await constantsOf(like);
  const body = Object.entries(entries).map(([method, calls]) => {
    const inliner = new Inliner(classes, like, (called) => hot.has(called) && !calls.includes(called));
    const value = inliner.flatten(method, views, constants, given);
    for (const [needed, from] of inliner.imports) imports.set(needed, from);
    const key = { type: 'Identifier', name: method };
    return { type: 'MethodDefinition', kind: 'method', static: false, computed: false, key, value };
  });
  const id = { type: 'Identifier', name };
  const superClass = { type: 'Identifier', name: parent };
  const node = { type: 'ClassDeclaration', id, superClass, body: { type: 'ClassBody', body } };
  return generate(node, { indent: '' });
}

const plain = readFileSync(path, 'utf8');
const parents = new Map([...plain.matchAll(emptyClass)].map(([, name, parent]) => [name, parent]));
if (parents.size === 0) throw new Error(`${path} has no empty class: it is flat already`);
const texts = new Map();
for (const name of flatClasses) texts.set(name, await flatClass(name, parents.get(name)));
texts.set('FirstHeap', await flatClass('FirstHeap', 'MainHeap', 'MainHeap', firstViews));
const flat = plain
  .replace(emptyClass, (text, name) => texts.get(name) ?? text)
  .replace('return class FirstHeap', `${firstConstants}return class FirstHeap`);
const lines = [...imports].map(([name, from]) => `import { ${name} } from '${from}';\n`);
writeFileSync(path, `${lines.join('')}${flat}`);
