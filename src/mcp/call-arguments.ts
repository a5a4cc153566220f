import { isObjectAt, members, splice, valuesOf, wholeValue, type Span } from './json-span.js';

type Change = Span & { readonly text: string };

/** The name of the tool that a `tools/call` request calls. */
export function calledTool(line: Buffer): string | undefined {
  const { params } = JSON.parse(line.toString()) as { params?: { name?: unknown } | null };
  return typeof params?.name === 'string' ? params.name : undefined;
}

/** In the stateless protocol every request says which version it is of and what its client can do (MCP 2026-07-28, `_meta`). */
const eraPrefix = 'io.modelcontextprotocol/';

/** What a request of our own must carry to be of the same era as one of the client's. */
export function eraOf(line: Buffer): { _meta?: Record<string, unknown> } {
  const { params } = JSON.parse(line.toString()) as { params?: { _meta?: Record<string, unknown> } };
  const era = Object.entries(params?._meta ?? {}).filter(([name]) => name.startsWith(eraPrefix));
  return era.length === 0 ? {} : { _meta: Object.fromEntries(era) };
}

/**
 * A `tools/call` request with arguments of ours: each replaces what stands under its name, as often as it does, or is
 * added. Everything else stays byte for byte. A line whose `arguments` are no object is left for the server to refuse.
 *
 * @example
 * setArguments(line, new Map([['api_key', 'KEY']]))
 */
export function setArguments(line: Buffer, values: ReadonlyMap<string, string>): Buffer {
  const changes = valuesOf(line, wholeValue(line), 'params').flatMap((params) => inParams(line, params, values));
  return splice(line, changes);
}

function inParams(line: Buffer, params: Span, values: ReadonlyMap<string, string>): Change[] {
  if (!isObjectAt(line, params)) return [];
  const given = valuesOf(line, params, 'arguments');
  if (given.length === 0) return [insertion(line, params, `"arguments":{${written(values)}}`)];
  return given.flatMap((span) => inArguments(line, span, values));
}

function inArguments(line: Buffer, span: Span, values: ReadonlyMap<string, string>): Change[] {
  if (line.toString('latin1', span.start, span.end) === 'null') {
    return [{ start: span.start, end: span.end, text: `{${written(values)}}` }];
  }
  if (!isObjectAt(line, span)) return [];
  const present = [...members(line, span)].filter(({ name }) => values.has(name));
  const missing = new Map([...values].filter(([name]) => !present.some((member) => member.name === name)));
  const replaced = present.map(({ name, start, end }) => ({ start, end, text: JSON.stringify(values.get(name)) }));
  return missing.size === 0 ? replaced : [insertion(line, span, written(missing)), ...replaced];
}

/** In front of the first member. */
function insertion(line: Buffer, object: Span, text: string): Change {
  const at = object.start + 1;
  const isEmpty = members(line, object).next().done === true;
  return { start: at, end: at, text: isEmpty ? text : `${text},` };
}

function written(values: ReadonlyMap<string, string>): string {
  return [...values].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',');
}
