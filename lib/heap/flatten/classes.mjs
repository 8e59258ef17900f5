// Reads compiled classes: who extends whom, their methods, and what stands beside them in their modules.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse } from 'acorn';

/**
 * @typedef {object} Scope what a module's methods know by name
 * @property {Map<string, number | string>} values constants, imported ones too
 * @property {Map<string, object>} functions functions, as syntax trees
 * @property {Map<string, string>} imports names from other modules, and the paths they come from
 */

/** @returns the syntax tree's statements, without the `export` before them */
function statementsOf(path) {
  const { body } = parse(readFileSync(path, 'utf8'), { ecmaVersion: 'latest', sourceType: 'module' });
  return body.map((node) => (node.type === 'ExportNamedDeclaration' ? (node.declaration ?? node) : node));
}

/**
 * Reads every class of a folder of compiled modules.
 * @param {string} folder absolute path
 * @returns {Promise<Map<string, { parent: string | null, methods: Map<string, { node: object, scope: Scope }> }>>}
 */
export async function readClasses(folder) {
  const classes = new Map();
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.js'))) {
    const statements = statementsOf(join(folder, file));
    const scope = await readScope(folder, statements);
    for (const node of statements.filter(({ type }) => type === 'ClassDeclaration')) {
      const members = node.body.body.filter(
        ({ type, kind }) => type === 'MethodDefinition' && kind === 'method',
      );
      const methods = new Map(members.map(({ key, value }) => [key.name, { node: value, scope }]));
      classes.set(node.id.name, { parent: node.superClass?.name ?? null, methods });
    }
  }
  return classes;
}

/** @returns {Promise<Scope>} */
async function readScope(folder, statements) {
  const scope = { values: new Map(), functions: new Map(), imports: new Map() };
  for (const node of statements) {
    if (node.type === 'ImportDeclaration') await readImport(folder, node, scope);
    if (node.type === 'FunctionDeclaration') scope.functions.set(node.id.name, node);
    if (node.type === 'VariableDeclaration' && node.kind === 'const') {
      for (const { id, init } of node.declarations) {
        const value = constantOf(init, scope.values);
        if (value !== undefined) scope.values.set(id.name, value);
      }
    }
  }
  return scope;
}

/** Notes imported names; constants and functions of the same folder become known. */
async function readImport(folder, { source, specifiers }, { values, functions, imports }) {
  for (const { local } of specifiers) imports.set(local.name, source.value);
  if (!source.value.startsWith('./')) return;
  const path = join(folder, source.value);
  const exported = await import(pathToFileURL(path).href);
  for (const { local, imported } of specifiers) {
    const value = exported[imported.name];
    if (['number', 'string'].includes(typeof value)) values.set(local.name, value);
    const node = statementsOf(path).find(
      ({ type, id }) => type === 'FunctionDeclaration' && id.name === imported.name,
    );
    if (node) functions.set(local.name, node);
  }
}

/** @returns the value of a constant expression, undefined for any other */
function constantOf(node, values) {
  if (node?.type === 'Literal') return node.value;
  if (node?.type === 'Identifier') return values.get(node.name);
  if (node?.type !== 'BinaryExpression') return undefined;
  const [a, b] = [constantOf(node.left, values), constantOf(node.right, values)];
  if (typeof a !== 'number' || typeof b !== 'number') return undefined;
  return { '+': a + b, '-': a - b, '*': a * b, '**': a ** b }[node.operator];
}

/** @returns the method that an object of a class runs, undefined when there is none */
export function resolveMethod(classes, className, method) {
  for (let name = className; name; name = classes.get(name)?.parent) {
    const found = classes.get(name)?.methods.get(method);
    if (found) return found;
  }
  return undefined;
}
