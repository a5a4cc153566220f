import { hideInJsonSchema } from '../tools/hide-in-json-schema.js';
import { isObjectAt, items, members, splice, valuesOf, wholeValue, type Span } from './json-span.js';

/** An answer to `tools/list` as the model may see it. */
export interface HiddenTools {
  readonly line: Buffer;
  /** Each tool of this page and which of the parameters it declares. */
  readonly declared: ReadonlyMap<string, ReadonlySet<string>>;
  /** Where the next page begins. */
  readonly nextCursor: string | undefined;
}

/**
 * Takes parameters out of the `inputSchema` of each tool in an answer to `tools/list`. All other bytes stay as they are; in a
 * schema that changes, so do the numbers.
 *
 * @throws ClavigerError `ERR_PLACEMENT_INVALID` if a parameter can't be hidden in all places.
 */
export function hideInTools(line: Buffer, parameters: readonly string[]): HiddenTools {
  const declared = new Map<string, ReadonlySet<string>>();
  const changes: (Span & { text: string })[] = [];
  let nextCursor: string | undefined;
  for (const result of valuesOf(line, wholeValue(line), 'result')) {
    nextCursor = textOf(line, valuesOf(line, result, 'nextCursor').at(-1));
    for (const tool of valuesOf(line, result, 'tools').flatMap((tools) => [...items(line, tools)])) {
      const name = textOf(line, valuesOf(line, tool, 'name').at(-1));
      const hidden = new Set<string>();
      for (const schema of valuesOf(line, tool, 'inputSchema')) {
        const text = hideInSchema(line, schema, parameters, hidden);
        if (text !== undefined) changes.push({ start: schema.start, end: schema.end, text });
      }
      if (name !== undefined) declared.set(name, hidden);
    }
  }
  return { line: changes.length === 0 ? line : splice(line, changes), declared, nextCursor };
}

/** The schema that is left, if a parameter was taken out; `hidden` learns which. */
function hideInSchema(
  line: Buffer,
  span: Span,
  parameters: readonly string[],
  hidden: Set<string>,
): string | undefined {
  if (!isObjectAt(line, span)) return undefined;
  const original = JSON.parse(line.toString('utf8', span.start, span.end)) as object;
  let schema = original;
  for (const parameter of parameters) {
    const result = hideInJsonSchema(schema, parameter);
    if (!result.removed) continue;
    schema = result.schema;
    hidden.add(parameter);
  }
  return schema === original ? undefined : write(schema, original, line, span);
}

/** A value as JSON; what it shares with the one it was made from is copied as it is written there. */
function write(value: unknown, original: unknown, line: Buffer, span: Span | undefined): string {
  if (span !== undefined && value === original) return line.toString('utf8', span.start, span.end);
  if (Array.isArray(value)) {
    const spans = span === undefined ? [] : [...items(line, span)];
    const values: unknown[] = Array.isArray(original) ? original : [];
    return `[${value.map((item, index) => write(item, values[index], line, spans[index])).join(',')}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const spans = new Map(span === undefined ? [] : [...members(line, span)].map((member) => [member.name, member]));
  const values = isRecord(original) ? original : {};
  const texts = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}:${write(member, values[name], line, spans.get(name))}`,
  );
  return `{${texts.join(',')}}`;
}

function textOf(line: Buffer, span: Span | undefined): string | undefined {
  const value: unknown = span === undefined ? undefined : JSON.parse(line.toString('utf8', span.start, span.end));
  return typeof value === 'string' ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
