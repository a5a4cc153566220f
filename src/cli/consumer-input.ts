import { resolve } from 'node:path';
import { consumerFile, isAccessToken, type Consumer } from '../access/index.js';
import { Secret } from '../index.js';
import { usageError } from './command-error.js';
import type { Context } from './context.js';
import { readValue } from './read-value.js';

/** A key or token from the consumer file, else from a hidden prompt or stdin. */
export async function readConsumer(context: Context, file: string | undefined): Promise<Consumer> {
  const path = file ?? context.env['CLAVIGER_CONSUMER_FILE'];
  if (path !== undefined && path !== '') return consumerFile(resolve(context.cwd, path))();
  const text = (await readValue(context.terminal, 'the consumer key or access token')).reveal();
  return isAccessToken(text) ? { accessToken: text } : { consumerKey: text };
}

/**
 * A consumer key with its secret. With a consumer file the key is there, and only the secret is asked for; else both are,
 * on stdin in two lines.
 */
export async function readKeyAndSecret(
  context: Context,
  file: string | undefined,
): Promise<{ consumerKey: string; consumerSecret: string }> {
  const { terminal, env, cwd } = context;
  const path = file ?? env['CLAVIGER_CONSUMER_FILE'];
  if (path !== undefined && path !== '') {
    const consumer = consumerFile(resolve(cwd, path))();
    if (!('consumerKey' in consumer)) throw usageError(`${path} holds an access token: a token is made from a key`);
    const secret = await readValue(terminal, 'the consumer secret');
    return { consumerKey: consumer.consumerKey, consumerSecret: secret.reveal() };
  }
  if (terminal.streams.stdin.isTTY) {
    const key = await readValue(terminal, 'the consumer key');
    return { consumerKey: key.reveal(), consumerSecret: (await readValue(terminal, 'the consumer secret')).reveal() };
  }
  const [key = '', secret = '', ...rest] = await readLines(context);
  if (key === '' || secret === '' || rest.length > 0) {
    throw usageError('stdin takes the consumer key in one line and its secret in the next');
  }
  return { consumerKey: key, consumerSecret: secret };
}

async function readLines({ terminal }: Context): Promise<string[]> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of terminal.streams.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    if ((size += chunk.length) > 16_384) throw usageError('more than 16 KiB came in on stdin: that is no key');
  }
  const lines = Buffer.concat(chunks).toString('utf8').trimEnd().split(/\r?\n/);
  return lines.map((line) => (line === '' ? '' : Secret.from(line).reveal()));
}
