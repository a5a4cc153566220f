import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import axios from 'axios';
import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../src/redaction/redactor.js';
import { serve } from '../support/serve.js';

const secret = 'sk-live-0123456789abcdef';
const redactor = createRedactor();
redactor.add(secret);

/** What a client gives back: of a class, its answer still to be read. */
class Answer<T> {
  #reads = 0;
  constructor(readonly inner: T) {}
  read(): T {
    this.#reads++;
    return this.inner;
  }
  get reads(): number {
    return this.#reads;
  }
}

/** Its body is in no property. */
const streamed = () => new Response(new Blob([secret]).stream() as never);

const textOf = async (items: AsyncIterable<unknown>) => {
  let text = '';
  for await (const item of items) text += Buffer.from(item as string).toString();
  return text;
};

describe('an instance that holds what gives its content later', () => {
  it.each<[string, () => unknown, (inner: never) => Promise<unknown>]>([
    ['a response', () => streamed(), (inner: Response) => inner.text()],
    ['a promise', () => Promise.resolve(secret), (inner: Promise<unknown>) => inner],
    ['a web stream', () => new Blob([secret]).stream(), textOf],
    ['a stream of Node’s', () => Readable.from([secret.slice(0, 9), secret.slice(9)]), textOf],
    ['a blob', () => new Blob([secret]), (inner: Blob) => inner.text()],
    [
      'a reader of a stream',
      () => new Blob([secret]).stream().getReader(),
      async (inner: ReadableStreamDefaultReader<Uint8Array>) =>
        Buffer.from((await inner.read()).value as Uint8Array).toString(),
    ],
    [
      'an async generator',
      async function* () {
        yield await Promise.resolve(secret);
      },
      textOf,
    ],
  ])('gives it redacted: %s', async (_, make, read) => {
    for (const wrap of [(answer: unknown) => answer, (answer: unknown) => ({ deep: [answer] }).deep[0]]) {
      const answer = redactor.value(wrap(new Answer(make()))) as Answer<never>;
      expect(answer).toBeInstanceOf(Answer);
      expect(inspect(answer, { depth: null, showHidden: true })).not.toContain(secret);
      expect(await read(answer.inner)).toBe('[secret]');
    }
  });

  it('gives it also deeper, through other instances and its own methods, each with one reader', async () => {
    const answer = redactor.value(new Answer([new Map([['a', new Answer(streamed())]])]));
    const first = answer.read()[0]?.get('a')?.read();
    expect(first).toBe(answer.inner[0]?.get('a')?.inner);
    expect(await first?.text()).toBe('[secret]');
    expect(answer.inner[0]?.get('a')?.inner.bodyUsed).toBe(true);
    expect(answer.reads).toBe(1);
  });

  it('gives it from a server, and is not altered itself', async () => {
    const server = await serve((_, response) => response.end(`key ${secret}`));
    const response = await fetch(server.origin);
    const mine = Object.freeze(new Answer(response));
    expect(await redactor.value(mine).inner.text()).toBe('key [secret]');
    expect(mine.inner).toBe(response);
  });

  it('is a plain copy if it holds a secret as well, with names for what is still to be read', () => {
    const answer = Object.assign(new Answer(new Answer(new Response('x'))), { token: secret });
    expect(redactor.value(answer)).toEqual({ inner: { inner: 'Response' }, token: '[secret]' });
    const shared = new Answer(Promise.resolve(secret));
    const both = redactor.value({ copied: Object.assign(new Answer(shared), { token: secret }), wrapped: shared });
    expect(both.wrapped).toBeInstanceOf(Answer);
    expect(both.copied.token).toBe('[secret]');
  });

  it('is what an error has of it', async () => {
    const error = redactor.error(Object.assign(new Error('no'), { client: new Answer(streamed()) }));
    expect(await (error as Error & { client: Answer<Response> }).client.inner.text()).toBe('[secret]');
  });

  it('may be a pair of streams', async () => {
    for (const pair of [new TransformStream<unknown, unknown>(), new DecompressionStream('gzip')]) {
      const wrapped = redactor.value(pair);
      const zipped: unknown[] = pair instanceof TransformStream ? [secret] : [await zip(secret)];
      expect(await textOf(ReadableStream.from(zipped).pipeThrough(wrapped as TransformStream))).toBe('[secret]');
    }
  });
});

describe('an instance that holds none of it', () => {
  it('comes back identical, as agents, sockets and clean values do', () => {
    const clean = new Answer({ list: [1, new Answer('text')], when: new Date() });
    expect(redactor.value(clean)).toBe(clean);
    expect(redactor.value({ clean }).clean).toBe(clean);
  });

  it('comes back identical: an answer of axios, with the request and the sockets behind it', async () => {
    const server = await serve();
    const response = await axios.get(server.origin);
    expect(redactor.value(response)).toBe(response);
  });
});

async function zip(text: string): Promise<Uint8Array> {
  const zipped = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(zipped as never).arrayBuffer());
}
