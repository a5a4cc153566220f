import { fstatSync } from 'node:fs';
import { createRedactor, Secret } from '../index.js';
import { usageError } from './command-error.js';
import { askHidden } from './prompt.js';
import type { Terminal } from './terminal.js';

/** How long a program that started us with an open stdin may stay silent; what a shell's pipe is fed from may ask its user first. */
const SOCKET_MS = 5_000;
const PIPE_MS = 60_000;

/** No API key is this long; a file that was piped in by mistake may be longer. */
const MOST_BYTES = 1_048_576;

/**
 * The value of a secret: from a hidden prompt on a terminal, else from stdin, less exactly one final newline there. From
 * then on nothing that the command line says shows it.
 *
 * @param what "the key of github"
 * @throws CommandError 2 when there is none; 130 on Ctrl-C
 */
export async function readValue(terminal: Terminal, what: string): Promise<Secret> {
  const asked = terminal.streams.stdin.isTTY;
  const text = asked
    ? (await askHidden(terminal, `Enter ${what} (not shown): `)).trim()
    : await readStdin(terminal, what);
  if (text === '') throw usageError(asked ? 'nothing was entered: nothing was changed' : noValue(what));
  return concealed(terminal, Secret.from(text));
}

/** A passphrase, asked twice on a terminal so that a slip can't lock its owner out. Its blanks count. */
export async function readNewPassphrase(terminal: Terminal): Promise<Secret> {
  if (!terminal.streams.stdin.isTTY)
    return concealed(terminal, Secret.from(await readStdin(terminal, 'the passphrase')));
  const first = await askHidden(terminal, 'Enter a passphrase (not shown): ');
  if (first === '') throw usageError('nothing was entered: nothing was changed');
  if ((await askHidden(terminal, 'Enter it again: ')) !== first)
    throw usageError('the two differ: nothing was changed');
  return concealed(terminal, Secret.from(first));
}

/** Asked to open a store; undefined where there is nobody to ask, and then the store stays locked. */
export async function askPassphrase(terminal: Terminal, path: string): Promise<Secret | undefined> {
  if (!terminal.interactive) return undefined;
  const text = await askHidden(terminal, `Passphrase of ${path} (not shown): `);
  return text === '' ? undefined : concealed(terminal, Secret.from(text));
}

function concealed(terminal: Terminal, secret: Secret): Secret {
  const redactor = createRedactor();
  redactor.add(secret);
  terminal.conceal((text) => redactor.text(text));
  return secret;
}

async function readStdin(terminal: Terminal, what: string): Promise<string> {
  const { stdin } = terminal.streams;
  const silence = setTimeout(() => stdin.destroy(usageError(noValue(what))), patience());
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stdin as AsyncIterable<Buffer>) {
      clearTimeout(silence);
      chunks.push(chunk);
      size += chunk.length;
      if (size > MOST_BYTES) throw usageError('more than 1 MiB came in on stdin: that is no key');
    }
  } finally {
    clearTimeout(silence);
  }
  const text = decode(Buffer.concat(chunks)).replace(/\r?\n$/, '');
  if (text === '') throw usageError(noValue(what));
  return text;
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw usageError('what came in on stdin is not UTF-8 text');
  }
}

function patience(): number {
  try {
    return fstatSync(0).isSocket() ? SOCKET_MS : PIPE_MS;
  } catch {
    return SOCKET_MS; // stdin is closed
  }
}

function noValue(what: string): string {
  return `nothing on stdin and no terminal to ask on: pipe ${what} in`;
}
