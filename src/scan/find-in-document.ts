import { judgeText, judgeValue, type Finding, type ValueContext } from '../detection/index.js';
import type { ClientFormat } from '../mcp-clients/client-files.js';
import { pairOf, type DocumentNode, type MapNode, type TextNode } from '../mcp-clients/document/document-node.js';
import { openFormat } from '../mcp-clients/document/open-format.js';

/** What stands in a document, by the places of its texts. */
interface DocumentKeys {
  readonly findings: readonly Finding[];
  /** Files with variables that servers of the document are given. */
  readonly envFiles: readonly string[];
}

/**
 * The keys in the texts of a JSONC, TOML or YAML document, as a client of MCP servers or a registry's manifest would read it.
 *
 * @throws DocumentError for a text that is not of that format
 */
export async function findInDocument(text: string, format: ClientFormat): Promise<DocumentKeys> {
  const { parse } = await openFormat(format);
  const root = parse(text);
  const findings: Finding[] = [];
  const envFiles: string[] = [];
  for (const { node, context, isCommand } of root === undefined ? [] : textsOf(root, [])) {
    if (context.name === 'envFile') envFiles.push(node.value);
    const found = isCommand ? await judgeText(node.value) : await judgeValue(node.value, context);
    for (const finding of found) {
      // A scheme that nobody knows is somebody's reference: nothing in plain text.
      if (finding.rule !== 'unknown-scheme') findings.push({ ...finding, ...inSource(text, node, finding) });
    }
  }
  return { findings, envFiles };
}

interface PlacedText {
  readonly node: TextNode;
  readonly context: ValueContext;
  /** Whether it is words of a command line, one after the other. */
  readonly isCommand: boolean;
}

type Keys = readonly (string | undefined)[];

function textsOf(node: DocumentNode, keys: Keys, owner?: MapNode): PlacedText[] {
  if (node.kind === 'map') return node.pairs.flatMap(({ key, value }) => textsOf(value, [...keys, key], node));
  if (node.kind === 'list') {
    return node.items.flatMap((item, index) => {
      if (item.kind !== 'text') return textsOf(item, [...keys, undefined]);
      const before = node.items[index - 1];
      const flag = before?.kind === 'text' ? /^--?([A-Za-z][\w.-]*)$/.exec(before.value)?.[1] : undefined;
      const context: ValueContext = { place: 'argument', ...(flag !== undefined && { name: flag }) };
      return [{ node: item, context, isCommand: isCommandLine(item.value) }];
    });
  }
  if (node.kind !== 'text') return [];
  const context = contextOf(keys, owner);
  return [{ node, context, isCommand: /^(?:command|cmd)$/.test(keys.at(-1) ?? '') && /\s/.test(node.value) }];
}

/** Several words in one argument: of `sh -c`, and no header and no JSON. */
function isCommandLine(value: string): boolean {
  return /^\S+\s+\S+\s+\S/.test(value) && !/^\s*[{[]|^[\w-]+:\s/.test(value);
}

function contextOf(keys: Keys, owner: MapNode | undefined): ValueContext {
  const name = keys.at(-1) ?? '';
  const declared = isDeclared(name, owner);
  const rest = { name, ...(declared && { declared }) };
  const parent = keys.at(-2) ?? '';
  if (/^(?:env|envs|environment)$/.test(parent)) return { ...rest, place: 'env' };
  if (/headers$/i.test(parent)) return { ...rest, place: 'header' };
  if (/^(?:url|uri|serverUrl|httpUrl|baseUrl|base_url)$/.test(name))
    return { place: 'text', ...(declared && { declared }) };
  return { ...rest, place: 'text' };
}

/** `isSecret` of a registry's server.json, `sensitive` of an MCPB manifest, `password` of VS Code's inputs. */
function isDeclared(name: string, owner: MapNode | undefined): boolean {
  if (name !== 'value' && name !== 'default') return false;
  return ['isSecret', 'sensitive', 'password'].some((key) => {
    const flag = pairOf(owner, key)?.value;
    return flag?.kind === 'other' && flag.value === true;
  });
}

/** Where a stretch of a text's value is written: behind its quote, and with escapes longer than what it says. */
function inSource(source: string, node: TextNode, { start, end }: Finding): { start: number; end: number } {
  const quotes = /^(?:"""|'''|["'])/.exec(source.slice(node.start, node.start + 3))?.[0].length ?? 0;
  const at = node.start + quotes;
  if (source.startsWith(node.value, at)) return { start: at + start, end: at + end };
  const written = source.slice(at, node.end);
  const from = writtenLength(written, start);
  return { start: at + from, end: Math.min(at + from + writtenLength(written.slice(from), end - start), node.end) };
}

const unit = /\\u\{?[0-9A-Fa-f]{4}\}?|\\U[0-9A-Fa-f]{8}|\\x[0-9A-Fa-f]{2}|\\[^]|[^]/g;

/** How much of a spelling stands for that many units. */
function writtenLength(written: string, units: number): number {
  unit.lastIndex = 0;
  for (let count = 0; count < units && unit.exec(written) !== null; count += 1);
  return units === 0 ? 0 : unit.lastIndex;
}
