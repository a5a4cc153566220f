import { isDeepStrictEqual } from 'node:util';
import type { Node } from 'jsonc-parser';
import type { ProviderDefinition } from '../index.js';
import { CommandError } from './command-error.js';

/*
 * jsonc-parser's own `modify` writes the neighbours of what it changes anew and lets their comments slip to others, so it
 * only finds the places here. What is not changed keeps its bytes.
 */

/** The text with a definition at the end of its providers, or in the place of the one of that name. */
export async function withProvider(text: string, definition: ProviderDefinition): Promise<string> {
  const { list, find } = await providersOf(text);
  const existing = find(definition.name);
  if (existing === undefined) return append(text, list, definition);
  return replaceSpan(
    text,
    existing.offset,
    existing.offset + existing.length,
    rendered(text, existing.offset, definition),
  );
}

export async function hasProvider(text: string, name: string): Promise<boolean> {
  const { find } = await providersOf(text);
  return find(name) !== undefined;
}

/** The text without the definition of that name. */
export async function withoutProvider(text: string, name: string): Promise<string> {
  const { list, find } = await providersOf(text);
  const existing = find(name);
  return existing === undefined ? text : remove(text, list, existing);
}

/** The text with a store of that name; the same text where it says just that already, undefined where it says otherwise. */
export async function withStore(text: string, name: string, store: object): Promise<string | undefined> {
  const { applyEdits, findNodeAtLocation, getNodeValue, modify, parseTree } = await import('jsonc-parser');
  const root = parseTree(text, [], { allowTrailingComma: true });
  const existing = root === undefined ? undefined : findNodeAtLocation(root, ['stores', name]);
  if (existing !== undefined)
    return isDeepStrictEqual({ ...(getNodeValue(existing) as object) }, store) ? text : undefined;
  const unit = indentUnit(text);
  const insertSpaces = !unit.startsWith('\t');
  const formattingOptions = { tabSize: insertSpaces ? unit.length : 1, insertSpaces, eol: lineEnd(text) };
  return applyEdits(text, modify(text, ['stores', name], store, { formattingOptions }));
}

async function providersOf(text: string): Promise<{ list: Node; find: (name: string) => Node | undefined }> {
  const { findNodeAtLocation, parseTree } = await import('jsonc-parser');
  const root = parseTree(text, [], { allowTrailingComma: true });
  const list = root === undefined ? undefined : findNodeAtLocation(root, ['providers']);
  if (list?.type !== 'array') throw new CommandError('the config file has no list of providers: mend it first');
  const find = (name: string) => list.children?.find((child) => findNodeAtLocation(child, ['name'])?.value === name);
  return { list, find };
}

function append(text: string, list: Node, definition: ProviderDefinition): string {
  const last = list.children?.at(-1);
  const end = list.offset + list.length - 1;
  const after = last === undefined ? list.offset + 1 : last.offset + last.length;
  const between = text.slice(after, end);
  const comma = commaIn(between);
  const indent = last === undefined ? lineIndent(text, list.offset) + indentUnit(text) : lineIndent(text, last.offset);
  const element = indented(definition, text, indent);
  const eol = lineEnd(text);
  const kept = between.trimEnd();
  const closing = between.includes('\n') ? between.slice(kept.length) : `${eol}${lineIndent(text, list.offset)}`;
  const separator = last === undefined || comma !== -1 ? '' : ',';
  const tail = comma === -1 ? '' : ',';
  return replaceSpan(text, after, end, `${separator}${kept}${eol}${indent}${element}${tail}${closing}`);
}

function remove(text: string, list: Node, element: Node): string {
  const children = list.children ?? [];
  const index = children.indexOf(element);
  const end = element.offset + element.length;
  const next = children[index + 1]?.offset ?? list.offset + list.length - 1;
  const comma = commaIn(text.slice(end, next));
  const before = children[index - 1];
  let to = comma === -1 ? end : end + comma + 1;
  let from = element.offset;
  // Alone on its line, it takes the line with it; a comment behind it stays.
  const lineStart = text.lastIndexOf('\n', from - 1) + 1;
  const restOfLine = /^[ \t]*\r?\n/.exec(text.slice(to))?.[0];
  if (restOfLine !== undefined && text.slice(lineStart, from).trim() === '') {
    from = lineStart;
    to += restOfLine.length;
  } else {
    to += /^[ \t]*/.exec(text.slice(to))?.[0].length ?? 0;
  }
  const shorter = replaceSpan(text, from, to, '');
  const onlyBlanks = text.slice(list.offset + 1, from) + text.slice(to, list.offset + list.length - 1);
  if (onlyBlanks.trim() === '') return replaceSpan(text, list.offset, list.offset + list.length, '[]');
  if (comma !== -1 || before === undefined) return shorter;
  const beforeEnd = before.offset + before.length;
  const beforeComma = beforeEnd + commaIn(text.slice(beforeEnd, element.offset));
  return replaceSpan(shorter, beforeComma, beforeComma + 1, '');
}

/** Where the comma is in what stands between two elements: blanks, comments, and at most one comma. */
function commaIn(between: string): number {
  const blanked = between.replace(/\/\/[^\n]*|\/\*[^]*?\*\//g, (comment) => ' '.repeat(comment.length));
  return blanked.indexOf(',');
}

function rendered(text: string, offset: number, definition: ProviderDefinition): string {
  return indented(definition, text, lineIndent(text, offset));
}

function indented(definition: ProviderDefinition, text: string, indent: string): string {
  return JSON.stringify(definition, undefined, indentUnit(text)).replace(/\n/g, `${lineEnd(text)}${indent}`);
}

function lineIndent(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', offset - 1) + 1))?.[0] ?? '';
}

function indentUnit(text: string): string {
  return /^([ \t]+)\S/m.exec(text)?.[1] ?? '  ';
}

function lineEnd(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

function replaceSpan(text: string, from: number, to: number, replacement: string): string {
  return text.slice(0, from) + replacement + text.slice(to);
}
