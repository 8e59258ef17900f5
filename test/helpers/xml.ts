/** A small judge of XML: enough to tell whether a document we wrote ourselves is well-formed. */

/**
 * Looks for unbalanced tags, raw `<`, `&` and `"`, and characters XML 1.0 forbids.
 * @param document without a DOCTYPE, comments or CDATA
 * @returns what is wrong, empty for a well-formed document
 */
export function problemsInXml(document: string): string[] {
  const problems: string[] = [];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly what is looked for
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/u.test(document)) {
    problems.push('forbidden character');
  }
  const tag = /<(\/?)([A-Za-z][\w:-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g;
  const open: string[] = [];
  let text = '';
  let end = 0;
  let roots = 0;
  for (const match of document.matchAll(tag)) {
    text += document.slice(end, match.index);
    end = match.index + match[0].length;
    const [, closing, name, attributes, empty] = match;
    const names = [...attributes.matchAll(/([\w:-]+)="/g)].map((attribute) => attribute[1]);
    if (new Set(names).size !== names.length) problems.push(`attribute twice in <${name}>`);
    text += [...attributes.matchAll(/"([^"]*)"/g)].map((attribute) => attribute[1]).join(' ');
    if (closing !== '') {
      if (open.pop() !== name) problems.push(`</${name}> closes another element`);
    } else {
      if (open.length === 0) roots++;
      if (empty === '') open.push(name);
    }
  }
  text += document.slice(end);
  if (open.length > 0) problems.push(`<${open.at(-1)}> is never closed`);
  if (roots !== 1) problems.push(`${roots} root elements`);
  if (text.includes('<')) problems.push('raw <');
  if (/&(?!(?:amp|lt|gt|quot|apos|#\d+);)/.test(text)) problems.push('raw &');
  return problems;
}
