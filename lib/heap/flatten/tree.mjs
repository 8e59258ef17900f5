// Small tools on ESTree syntax trees: making nodes, walking, and asking.

export const identifier = (name) => ({ type: 'Identifier', name });
const block = (body) => ({ type: 'BlockStatement', body });

/** @returns a literal; a negative number needs its sign apart */
export function literal(value) {
  if (typeof value !== 'number' || value >= 0) return { type: 'Literal', value, raw: JSON.stringify(value) };
  return { type: 'UnaryExpression', operator: '-', prefix: true, argument: literal(-value) };
}

/** @returns `kind name = init;` */
export const declaration = (kind, name, init) => ({
  type: 'VariableDeclaration',
  kind,
  declarations: [{ type: 'VariableDeclarator', id: identifier(name), init }],
});

/** @returns `name = right;` */
export const assignment = (name, right) => ({
  type: 'ExpressionStatement',
  expression: { type: 'AssignmentExpression', operator: '=', left: identifier(name), right },
});

/** @returns the statements as one */
export const together = (list) => (list.length === 1 ? list[0] : block(list));

/** @returns the statements in a block, or those of the block itself */
export const listOf = (node) => (node.type === 'BlockStatement' ? node.body : [node]);

/** Calls `visit(node, parent, key)` for every node, children first; what it returns takes the node's place. */
export function transform(node, visit, parent = null, key = null) {
  for (const [name, child] of Object.entries(node)) {
    if (Array.isArray(child)) {
      for (const [k, item] of child.entries()) if (item?.type) child[k] = transform(item, visit, node, name);
    } else if (child?.type) {
      node[name] = transform(child, visit, node, name);
    }
  }
  return visit(node, parent, key) ?? node;
}

/** @returns true for `name` in `x.name` and `{ name: x }`, which is no variable */
export const isPropertyName = (parent, key) =>
  (parent?.type === 'MemberExpression' && key === 'property' && !parent.computed) ||
  (parent?.type === 'Property' && key === 'key');

/** @returns true when evaluating twice, or later, makes no difference but to speed */
export function isPure(node) {
  switch (node.type) {
    case 'Identifier':
    case 'Literal':
    case 'ThisExpression':
      return true;
    case 'MemberExpression':
      return isPure(node.object) && (!node.computed || isPure(node.property));
    case 'BinaryExpression':
      return isPure(node.left) && isPure(node.right);
    default:
      return node.type === 'UnaryExpression' && isPure(node.argument);
  }
}

/** @returns true when the statements assign to a variable */
export function isAssigned(body, name) {
  let found = false;
  transform(structuredClone(body), (node) => {
    if (node.type === 'AssignmentExpression') found ||= node.left.name === name;
    if (node.type === 'UpdateExpression') found ||= node.argument.name === name;
  });
  return found;
}

/**
 * Finds a call that an expression evaluates before anything else that could matter to it.
 * @returns the object and key where it stands, null when there is none
 */
export function leadingCall(holder, key, isWanted) {
  const node = holder[key];
  if (!node) return null;
  if (isWanted(node)) return { holder, key };
  const isStill = (part) => part.type === 'Literal' || part.type === 'Identifier';
  switch (node.type) {
    case 'BinaryExpression':
      return (
        leadingCall(node, 'left', isWanted) ??
        (isStill(node.left) ? leadingCall(node, 'right', isWanted) : null)
      );
    case 'LogicalExpression':
      return leadingCall(node, 'left', isWanted);
    case 'AssignmentExpression':
      return node.operator === '=' && node.left.type === 'Identifier'
        ? leadingCall(node, 'right', isWanted)
        : null;
    case 'UnaryExpression':
      return leadingCall(node, 'argument', isWanted);
    case 'ConditionalExpression':
      return leadingCall(node, 'test', isWanted);
    case 'CallExpression': {
      const moving = node.arguments.findIndex((argument) => !isStill(argument));
      return moving < 0 ? null : leadingCall(node.arguments, moving, isWanted);
    }
    default:
      return null;
  }
}
