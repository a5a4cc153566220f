import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createFetch } from '../../http/index.js';
import type { AuditEvent } from '../../index.js';
import { consumerOf, consumerOption } from '../access-rules.js';
import { exitCodes, fileError, usageError } from '../command-error.js';
import { defineCommand } from '../command.js';
import type { Context } from '../context.js';
import { assertName } from '../looks-like-value.js';
import { headersOf } from '../header-lines.js';
import { openRegistry } from '../open-registry.js';
import { withProgress } from '../progress.js';
import type { Terminal } from '../terminal.js';
import { visibleLines } from '../visible-text.js';

export const fetch = defineCommand({
  usage: ['claviger fetch [METHOD] <url> [--as NAME]'],
  summary: 'make one HTTP request with a credential',
  details: [
    'The key goes only where its provider lists, on every redirect; it is replaced in what comes back. With --as a path is enough: ' +
      'it is appended to the base URL. Without it the provider is found by the URL.',
    'The body of the answer goes to stdout as it comes, byte for byte into a file or pipe; with --json status, headers and body ' +
      'together, a body that is no text in base64.',
  ],
  examples: [
    ['claviger fetch /user --as github', 'below the base URL of github'],
    ['claviger fetch https://api.github.com/user', 'the provider is found by the URL'],
    [`claviger fetch POST /v1/items --as shop -d '{"name":"x"}'`, 'with a body'],
    ['claviger fetch /user --as github --fail -i', 'exit code 5 on a 401; status and headers shown'],
  ],
  options: {
    ...consumerOption,
    as: { type: 'string', value: 'NAME', help: 'the provider whose credential goes with the request' },
    header: {
      type: 'string',
      short: 'H',
      multiple: true,
      value: "'NAME: VALUE'",
      help: 'a further header; may stand several times',
    },
    data: { type: 'string', short: 'd', value: 'DATA', help: 'the body: text, @FILE, or - for stdin; makes it a POST' },
    include: { type: 'boolean', short: 'i', help: 'show status and headers too' },
    fail: { type: 'boolean', help: 'exit 5 on a 401 and 1 on another status from 400' },
  },
  arguments: [1, 2],
  async run(context, { values, positionals }) {
    const { terminal } = context;
    const { method, url } = targetOf(positionals, values.as);
    const headers = headersOf(values.header);
    const body = values.data === undefined ? undefined : await bodyOf(context, values.data, headers);

    const uses: AuditEvent[] = [];
    const whose = consumerOf(context, values);
    await using registry = await openRegistry(context, { onEvent: (event) => uses.push(event) });
    const client = createFetch(
      values.as === undefined ? { registry, ...whose } : { auth: registry.auth(values.as, whose) },
    );
    const request = {
      method: method?.toUpperCase() ?? (body === undefined ? 'GET' : 'POST'),
      headers,
      ...(body !== undefined && { body }),
    };
    const response = await withProgress(terminal, 'waiting for the answer', () => client(url, request));
    if (uses.length === 0 && values.as === undefined)
      terminal.note('note: this URL is a destination of no provider: no credential was sent');
    if (context.json) await answerJson(terminal, response);
    else {
      if (values.include) writeHead(terminal, response);
      await writeBody(terminal, response);
    }
    return values.fail ? exitCodeOf(terminal, response) : exitCodes.ok;
  },
});

function targetOf(positionals: readonly string[], as: string | undefined): { method: string | undefined; url: string } {
  const [method, url = ''] = positionals.length === 2 ? positionals : [undefined, positionals[0]];
  if (method !== undefined && !/^[A-Za-z]+$/.test(method)) throw usageError('it reads: claviger fetch [METHOD] <url>');
  if (as === undefined && url.startsWith('/'))
    throw usageError('a path needs --as NAME, to whose base URL it is appended');
  if (as !== undefined) assertName(as);
  return { method, url };
}

/** The body as bytes; JSON is labelled as such, anything else as a form, as curl does. */
async function bodyOf({ terminal, cwd }: Context, text: string, headers: Headers): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(await dataOf(terminal, cwd, text));
  if (!headers.has('content-type')) {
    headers.set('content-type', isJson(bytes) ? 'application/json' : 'application/x-www-form-urlencoded');
  }
  return bytes;
}

async function dataOf({ streams }: Terminal, cwd: string, text: string): Promise<Buffer> {
  if (text === '-' || text === '@-') {
    const chunks: Buffer[] = [];
    for await (const chunk of streams.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
    return Buffer.concat(chunks);
  }
  if (!text.startsWith('@')) return Buffer.from(text);
  const path = resolve(cwd, text.slice(1));
  return readFile(path).catch((error: unknown) => {
    throw fileError('read', path, error);
  });
}

function isJson(bytes: Uint8Array): boolean {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}

function writeHead(terminal: Terminal, { status, statusText, headers }: Response): void {
  terminal.answer(`HTTP ${status} ${statusText}`.trimEnd());
  for (const [name, value] of headers) terminal.answer(`${name}: ${value}`);
  terminal.answer();
}

/** All of it at once. */
async function answerJson(terminal: Terminal, response: Response): Promise<void> {
  const { status, statusText, headers } = response;
  const body = Buffer.from(await response.arrayBuffer());
  const content = isUtf8(body) ? { body: body.toString('utf8') } : { base64: body.toString('base64') };
  terminal.answerJson({ status, statusText, headers: Object.fromEntries(headers), ...content });
}

/** Byte for byte into a file or pipe; on a terminal nothing in it can steer that. */
async function writeBody({ streams: { stdout } }: Terminal, { body }: Response): Promise<void> {
  if (body === null) return;
  const decoder = new TextDecoder();
  const write = async (chunk: Uint8Array | string) => {
    if (!stdout.write(chunk)) await new Promise((resolve) => stdout.once('drain', resolve));
  };
  for await (const chunk of body as AsyncIterable<Uint8Array>)
    await write(stdout.isTTY ? visibleLines(decoder.decode(chunk, { stream: true })) : chunk);
  if (stdout.isTTY) await write('\n');
}

function exitCodeOf(terminal: Terminal, { status, statusText }: Response): number {
  if (status < 400) return exitCodes.ok;
  terminal.note(`claviger: HTTP ${status} ${statusText}`.trimEnd());
  return status === 401 ? exitCodes.rejected : exitCodes.failure;
}
