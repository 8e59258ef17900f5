// Writes methods out in their callers. A call
//
//     const x = this.m(a);        becomes        let result$1;
//                                                end$2: {
//                                                  const p$1 = a;
//                                                  ...          m's statements; `return v` is `result$1 = v; break end$2`
//                                                }
//                                                const x = result$1;
//
// and one whose method only returns an expression becomes that expression. Only calls with which a statement begins are
// written out, so that nothing is evaluated in another order; the others stay calls.
import { resolveMethod } from './classes.mjs';
import * as tree from './tree.mjs';

const copy = (node) => structuredClone(node);

/** Writes out methods of one class. */
export class Inliner {
  #classes;
  #className;
  #isHot;
  #count = 0;
  /** Names that the text needs, and the modules that have them. */
  imports = new Map();

  /**
   * @param classes what `readClasses` gave
   * @param className the class whose objects run the text: it decides which method a call means
   * @param isHot tells by name what is written out
   */
  constructor(classes, className, isHot) {
    this.#classes = classes;
    this.#className = className;
    this.#isHot = isHot;
  }

  /**
   * @param method name of a method
   * @param views fields that never change during a call: read once, at the beginning
   * @param constants values of fields that are the same in every heap of the class; `arena` is every `av` too
   * @param given views that are variables around the class already, and need not be read
   * @returns the method as a function expression with the hot calls written out
   */
  flatten(method, views, constants, given) {
    const { params, body } = this.#expand(method, resolveMethod(this.#classes, this.#className, method), []);
    const used = new Set();
    tree.transform(body, ({ type, object, property }, parent) => {
      if (type !== 'MemberExpression' || object.type !== 'ThisExpression') return undefined;
      // Asked for its length, a view tells whether the heap was destroyed: the heap's own does.
      if (parent.property?.name === 'length') return undefined;
      if (constants.has(property.name)) return tree.literal(constants.get(property.name));
      if (!views.includes(property.name)) return undefined;
      used.add(property.name);
      return tree.identifier(`$${property.name}`);
    });
    const self = { type: 'ThisExpression' };
    const read = (name) => ({
      type: 'MemberExpression',
      object: self,
      property: tree.identifier(name),
      computed: false,
    });
    if (constants.has('arena')) {
      const arena = params.findIndex(({ name }) => name === 'av');
      if (arena >= 0) {
        params[arena] = tree.identifier('_av');
        body.body.unshift(tree.declaration('const', 'av', tree.literal(constants.get('arena'))));
      }
    }
    const toRead = [...used].filter((name) => !given.includes(name));
    body.body.unshift(...toRead.map((name) => tree.declaration('const', `$${name}`, read(name))));
    return { type: 'FunctionExpression', params, body };
  }

  /** @returns a copy of a method: constants in place, names of its own made unique, hot calls written out */
  #expand(name, { node, scope }, stack) {
    if (stack.includes(name)) throw new Error(`${name} calls itself`);
    const { params, body } = copy(node);
    const suffix = stack.length === 0 ? '' : `$${++this.#count}`;
    const own = new Map();
    const declare = (id) => own.set(id.name, id.name + suffix);
    for (const param of params) declare(param.type === 'AssignmentPattern' ? param.left : param);
    tree.transform(body, ({ type, id }) => {
      if (type === 'VariableDeclarator') declare(id);
      if (type.endsWith('FunctionExpression')) throw new Error(`${name} has a function inside`);
    });
    const rename = (part, parent, key) => {
      if (part.type !== 'Identifier' || tree.isPropertyName(parent, key)) return undefined;
      if (own.has(part.name)) return tree.identifier(own.get(part.name));
      if (scope.values.has(part.name)) return tree.literal(scope.values.get(part.name));
      if (scope.imports.has(part.name)) this.imports.set(part.name, scope.imports.get(part.name));
      return undefined;
    };
    for (const [k, param] of params.entries()) params[k] = tree.transform(param, rename);
    tree.transform(body, rename);
    body.body = this.#statements(body.body, { scope, stack: [...stack, name] });
    return { params, body };
  }

  #statements(list, context) {
    return list.flatMap((statement) => this.#statement(statement, context));
  }

  /** @returns a statement with every block in it worked over, and before it the calls with which it begins */
  #statement(node, context) {
    const worked = (inner) => ({
      type: 'BlockStatement',
      body: this.#statements(tree.listOf(inner), context),
    });
    this.#substitute(node, context);
    switch (node.type) {
      case 'BlockStatement':
        return [worked(node)];
      case 'ForStatement':
      case 'WhileStatement':
        return [{ ...node, body: worked(node.body) }];
      case 'IfStatement': {
        const before = this.#hoist(node, 'test', context);
        node.consequent = worked(node.consequent);
        if (node.alternate) node.alternate = tree.together(this.#statements([node.alternate], context));
        return [...before, node];
      }
      case 'ReturnStatement': {
        const call = this.#callee(node.argument, context.scope);
        if (call) return this.#writeTail(call, node.argument, context);
        return [...this.#hoist(node, 'argument', context), node];
      }
      case 'ExpressionStatement': {
        const call = this.#callee(node.expression, context.scope);
        const drop = (expression) =>
          expression && !tree.isPure(expression) ? [{ type: 'ExpressionStatement', expression }] : [];
        if (call) return this.#write(call, node.expression, context, drop);
        return [...this.#hoist(node, 'expression', context), node];
      }
      case 'VariableDeclaration':
        return node.declarations.length === 1
          ? [...this.#hoist(node.declarations[0], 'init', context), node]
          : [node];
      default:
        return [node];
    }
  }

  /** Calls of methods that only return an expression become that expression, wherever they stand. */
  #substitute(node, context) {
    const visit = (call) => {
      const found = this.#callee(call, context.scope);
      const statements = found?.node.body.body ?? [];
      if (statements.length !== 1 || statements[0].type !== 'ReturnStatement') return undefined;
      if (!call.arguments.every(tree.isPure)) return undefined;
      const { params, body } = this.#expand(found.name, found, context.stack);
      const given = new Map(params.map(({ name }, k) => [name, call.arguments[k]]));
      return tree.transform(body.body[0], (part, parent, key) =>
        part.type === 'Identifier' && given.has(part.name) && !tree.isPropertyName(parent, key)
          ? copy(given.get(part.name))
          : undefined,
      ).argument;
    };
    const holders = node.type === 'VariableDeclaration' ? node.declarations : [node];
    for (const holder of holders) {
      for (const key of ['test', 'argument', 'expression', 'init', 'update']) {
        if (holder[key]?.type) holder[key] = tree.transform(holder[key], visit);
      }
    }
  }

  /** Writes out the calls with which an expression begins; variables take their place. @returns the statements */
  #hoist(holder, key, context) {
    const before = [];
    const isWanted = (node) => this.#callee(node, context.scope) !== null;
    for (;;) {
      const place = tree.leadingCall(holder, key, isWanted);
      if (!place) return before;
      const call = place.holder[place.key];
      const result = `result$${++this.#count}`;
      const keep = (value) => [tree.assignment(result, value)];
      const found = this.#callee(call, context.scope);
      before.push(tree.declaration('let', result, null), ...this.#write(found, call, context, keep));
      place.holder[place.key] = tree.identifier(result);
    }
  }

  /** @returns the hot method or function that a node calls, null when it calls none */
  #callee(node, scope) {
    if (node?.type !== 'CallExpression') return null;
    const { callee } = node;
    if (callee.type === 'Identifier' && this.#isHot(callee.name)) {
      const found = scope.functions.get(callee.name);
      return found ? { name: callee.name, node: found, scope } : null;
    }
    if (callee.type !== 'MemberExpression' || callee.object.type !== 'ThisExpression') return null;
    const { name } = callee.property;
    if (!this.#isHot(name)) return null;
    return { name, ...resolveMethod(this.#classes, this.#className, name) };
  }

  /** @returns a method's statements, and before them its parameters as variables */
  #open(found, call, context) {
    const { params, body } = this.#expand(found.name, found, context.stack);
    const given = params.map((param, k) => {
      const [{ name }, fallback] = param.type === 'AssignmentPattern' ? [param.left, param.right] : [param];
      const kind = tree.isAssigned(body, name) ? 'let' : 'const';
      return tree.declaration(kind, name, call.arguments[k] ?? fallback);
    });
    return { type: 'BlockStatement', body: [...given, ...body.body] };
  }

  /** A call that its caller returns: the method's returns are the caller's. */
  #writeTail(found, call, context) {
    return [this.#open(found, call, context)];
  }

  /** The statements of a call; `end(value)` makes what stands for a return. */
  #write(found, call, context, end) {
    const body = this.#open(found, call, context);
    const label = tree.identifier(`end$${++this.#count}`);
    const last = body.body.at(-1);
    const leave = { type: 'BreakStatement', label };
    tree.transform(body, (node) => {
      if (node.type !== 'ReturnStatement') return undefined;
      return tree.together(node === last ? end(node.argument) : [...end(node.argument), leave]);
    });
    return [{ type: 'LabeledStatement', label, body }];
  }
}
