import { items, members, splice, wholeValue } from './json-span.js';

/** What must be known of a JSON-RPC message to pass it on; ids in one spelling each. */
export type Envelope =
  | { readonly kind: 'request'; readonly id: string; readonly method: string }
  | { readonly kind: 'notification'; readonly method: string }
  | { readonly kind: 'response'; readonly id: string; readonly failed: boolean };

/** Shorter lines are parsed, which also shows whether they are JSON; in longer ones the members are looked up. */
const parsedBytes = 16 * 1024;

/** How the official SDKs begin or end a long response: no text inside a string can look like that. */
const usualHead = /^\{"jsonrpc":"2\.0","id":(\d{1,15}|"[^"\\]{0,64}"),"(result|error)":/;
const usualTail = /,"jsonrpc":"2\.0","id":(\d{1,15}|"[^"\\]{0,64}")\}\s*$/;
const tailHead = /^\{"(result|error)":/;
const edgeBytes = 128;

/**
 * Reads what kind of message a line is; `undefined` for a line that is no JSON-RPC 2.0 message. A batch is none, see
 * {@link readBatch}.
 */
export function readEnvelope(line: Buffer): Envelope | undefined {
  if (line.length > parsedBytes) return usualResponse(line) ?? envelopeOf(topLevel(line));
  try {
    return envelopeOf(JSON.parse(line.toString()) as unknown, line);
  } catch {
    return undefined;
  }
}

/** The messages of a batch (JSON-RPC 2.0 §6; in MCP 2025-03-26 only), `undefined` for anything else. */
export function readBatch(line: Buffer): Buffer[] | undefined {
  try {
    const whole = wholeValue(line);
    const batch = [...items(line, whole)].map(({ start, end }) => line.subarray(start, end));
    return batch.length > 0 && batch.every((item) => readEnvelope(item) !== undefined) ? batch : undefined;
  } catch {
    return undefined;
  }
}

/** The first members of a message, as far as an id may follow them. */
const headWithId = /^\s*\{(?:\s*"(?:jsonrpc|method)"\s*:\s*"[^"\\]*"\s*,)*\s*"id"\s*:\s*(\d{1,15}|"[^"\\]{0,64}")\s*,/;

/** The id of a message whose middle is missing or broken. */
export function guessId(beginning: Buffer, ending: Buffer = beginning): string | undefined {
  const head = beginning.toString('latin1', 0, edgeBytes * 2);
  if (head.includes('"jsonrpc"')) return headWithId.exec(head)?.[1];
  return usualTail.exec(ending.toString('latin1', Math.max(0, ending.length - edgeBytes)))?.[1];
}

/** The same message with another id, given as JSON. */
export function withId(line: Buffer, id: string): Buffer {
  const spans = [...members(line, wholeValue(line))].filter(({ name }) => name === 'id');
  return splice(
    line,
    spans.map(({ start, end }) => ({ start, end, text: id })),
  );
}

function usualResponse(line: Buffer): Envelope | undefined {
  const head = line.toString('latin1', 0, edgeBytes);
  const [, id, outcome] = usualHead.exec(head) ?? [];
  if (id !== undefined) return { kind: 'response', id, failed: outcome === 'error' };
  const [, first] = tailHead.exec(head) ?? [];
  const [, last] = first === undefined ? [] : (usualTail.exec(line.toString('latin1', line.length - edgeBytes)) ?? []);
  return last === undefined ? undefined : { kind: 'response', id: last, failed: first === 'error' };
}

/** The members that matter; of the others only that they are there. */
function topLevel(line: Buffer): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  try {
    for (const { name, start, end } of members(line, wholeValue(line))) {
      const isSmall = name === 'id' || name === 'method' || name === 'jsonrpc';
      if (isSmall)
        found[name] =
          name === 'id' ? new Raw(line.toString('utf8', start, end)) : JSON.parse(line.toString('utf8', start, end));
      else if (name === 'result' || name === 'error') found[name] = true;
    }
  } catch {
    return {};
  }
  return found;
}

/** An id as it is spelled. */
class Raw {
  constructor(readonly text: string) {}
}

function envelopeOf(message: unknown, line?: Buffer): Envelope | undefined {
  if (typeof message !== 'object' || message === null || !('jsonrpc' in message) || message.jsonrpc !== '2.0')
    return undefined;
  const { id, method } = message as { id?: unknown; method?: unknown };
  if (typeof method === 'string') {
    return id === undefined ? { kind: 'notification', method } : { kind: 'request', id: idText(id, line), method };
  }
  if (!('result' in message) && !('error' in message)) return undefined;
  return { kind: 'response', id: idText(id, line), failed: 'error' in message };
}

/** One spelling for each id: numbers as they are written, as they may be beyond 2^53, strings as JSON writes them. */
function idText(id: unknown, line: Buffer | undefined): string {
  if (id instanceof Raw) return id.text.startsWith('"') ? JSON.stringify(JSON.parse(id.text)) : id.text;
  if (typeof id === 'number' && !Number.isSafeInteger(id) && line !== undefined) {
    const raw = [...members(line, wholeValue(line))].findLast(({ name }) => name === 'id');
    if (raw !== undefined) return line.toString('latin1', raw.start, raw.end);
  }
  return JSON.stringify(id ?? null);
}
