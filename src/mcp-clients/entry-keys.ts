import { judgeValue, type Certainty, type ValueContext } from '../detection/index.js';
import type { DocumentPath } from './document/document-node.js';
import type { Located, ServerEntry } from './server-entry.js';
import { splitCommand } from './split-command.js';

/** A key in plain text, and where in an entry. */
export interface FoundKey {
  /** Of the text that it stands in, from the entry. */
  readonly path: DocumentPath;
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly place: 'env' | 'argument' | 'header' | 'query' | 'path' | 'userinfo';
  /** Of the variable, header, query parameter or flag. */
  readonly name: string | undefined;
  /** The catalog's, where it tells. */
  readonly provider: string | undefined;
  readonly certainty: Certainty;
  readonly rule: string | undefined;
}

/** Every key of an entry, in the order of its parts. */
export async function keysOf(entry: ServerEntry): Promise<FoundKey[]> {
  const host = hostOf(entry.url?.value ?? entry.words.find(({ value }) => hostOf(value) !== undefined)?.value);
  const found: FoundKey[][] = [];
  for (const one of entry.env) found.push(await judge(one, { place: 'env', name: String(one.path.at(-1)) }));
  for (const [index, one] of entry.words.entries()) {
    const flag = flagBefore(entry.words, index);
    found.push(await (isLine(entry, one) ? judgeLine(one) : judge(one, argument(flag))));
  }
  if (entry.url !== undefined) found.push(await judge(entry.url, { place: 'text' }));
  for (const one of entry.headers) {
    const name = String(one.path.at(-1));
    found.push(await judge(one, { place: 'header', name, ...(host !== undefined && { host }) }));
  }
  return found.flat();
}

function argument(flag: string | undefined): ValueContext {
  return { place: 'argument', ...(flag !== undefined && { name: flag }) };
}

/** Whether a command stands with its arguments in one string. */
function isLine({ words }: ServerEntry, { value }: Located): boolean {
  return words.length === 1 && /\s/.test(value);
}

/** A whole command line: its words tell more than it does as one text. */
async function judgeLine(line: Located): Promise<FoundKey[]> {
  const words = (splitCommand(line.value) ?? []).map((value) => ({ path: line.path, value }));
  const found: FoundKey[] = [];
  for (const [index, word] of words.entries()) {
    // "set NAME=KEY && command" of Windows is one word more.
    const inner = /\s/.test(word.value) ? (splitCommand(word.value) ?? []) : [];
    const judged = await judge(word, argument(flagBefore(words, index)));
    for (const value of judged.length > 0 ? [] : inner)
      judged.push(...(await judge({ path: line.path, value }, { place: 'argument' })));
    found.push(...judged);
  }
  return found.flatMap((key) => {
    const start = line.value.indexOf(secretOf(key));
    return start === -1 ? [] : [{ ...key, text: line.value, start, end: start + secretOf(key).length }];
  });
}

/** The key itself. */
export function secretOf({ text, start, end }: FoundKey): string {
  return text.slice(start, end);
}

/** Where a key stands, as people are told; nothing of the value. */
export function placeText({ place, name, path }: FoundKey): string {
  if (place === 'argument') return `argument ${name ?? String(path.at(-1))}`;
  if (place === 'path' || place === 'userinfo') return `${place} of the URL`;
  return `${place} ${name ?? ''}`.trim();
}

async function judge({ path, value: text }: Located, context: ValueContext): Promise<FoundKey[]> {
  const findings = await judgeValue(text, context);
  return findings.map(({ start, end, provider, certainty, rule }) => {
    const { place, name } = placeIn(text, start, context);
    return { path, text, start, end, place, name, provider, certainty, rule };
  });
}

/** What exactly a stretch of a text is: of an address, the part. */
function placeIn(
  text: string,
  at: number,
  { place, name }: Pick<ValueContext, 'place' | 'name'>,
): Pick<FoundKey, 'place' | 'name'> {
  if (place === 'env' || place === 'header') return { place, name };
  const before = text.slice(0, at);
  if (place === 'argument') {
    const written =
      /^(--?[A-Za-z][\w.-]*)[= ]/.exec(before)?.[1] ?? /(?:^|[\s"'])([A-Za-z_]\w*)=["']?$/.exec(before)?.[1];
    return { place, name: written ?? (name === undefined ? undefined : `-${name.length > 1 ? '-' : ''}${name}`) };
  }
  return placeInUrl(text, at);
}

/** Which part of an address begins there. */
export function placeInUrl(
  text: string,
  at: number,
): { place: 'query' | 'userinfo' | 'path'; name: string | undefined } {
  const before = text.slice(0, at);
  const parameter = /[?&]([^?&=#]*)=$/.exec(before)?.[1];
  if (parameter !== undefined) return { place: 'query', name: decodeName(parameter) };
  return { place: /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*$/i.test(before) ? 'userinfo' : 'path', name: undefined };
}

function decodeName(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `api-key` for what stands behind `--api-key`. */
function flagBefore(words: readonly Located[], index: number): string | undefined {
  return /^--?([A-Za-z][\w.-]*)$/.exec(words[index - 1]?.value ?? '')?.[1];
}

function hostOf(text: string | undefined): string | undefined {
  if (text === undefined || !/^https?:\/\//i.test(text)) return undefined;
  return URL.canParse(text) ? new URL(text).host : undefined;
}
