import { once } from 'node:events';
import { request } from 'undici';
import { describe, expect, it } from 'vitest';
import { createAgent, createFetch } from '../../src/http/index.js';
import { createRegistry } from '../../src/registry/registry.js';
import { serve } from '../support/serve.js';

/** A registry whose source answers when it is told to. */
function slow(origin: string) {
  let answer: (secret: string) => void = () => undefined;
  let isAsked: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => (isAsked = resolve));
  const registry = createRegistry({
    providers: [
      {
        name: 'api',
        baseUrl: origin,
        source: () => {
          isAsked();
          return new Promise<string>((resolve) => (answer = resolve));
        },
      },
    ],
  });
  return { auth: registry.auth('api'), asked, answer: () => answer('secret-0123456789') };
}

describe('an abort', () => {
  it.each(['fetch', 'request'])(
    'while the credential is fetched keeps %s from sending anything (H17)',
    async (client) => {
      const server = await serve();
      const { auth, asked, answer } = slow(server.origin);
      const controller = new AbortController();
      const { signal } = controller;
      const call: Promise<unknown> =
        client === 'fetch'
          ? createFetch({ auth })('/', { signal })
          : request(server.origin, { dispatcher: createAgent({ auth }), signal });
      await asked;
      const reason = new Error('changed my mind');
      controller.abort(reason);
      await expect(call).rejects.toBe(reason);
      answer();
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(server.received).toEqual([]);
    },
  );

  it('before the call asks nobody', async () => {
    const server = await serve();
    const { auth } = slow(server.origin);
    await expect(createFetch({ auth })('/', { signal: AbortSignal.abort() })).rejects.toThrow('abort');
    expect(server.received).toEqual([]);
  });

  it('while the upstream thinks ends the request there', async () => {
    let closed: Promise<unknown> = Promise.resolve();
    const server = await serve((_request, response) => {
      closed = once(response, 'close');
      controller.abort();
    });
    const { auth, asked, answer } = slow(server.origin);
    const controller = new AbortController();
    const call = createFetch({ auth })('/', { signal: controller.signal });
    void asked.then(answer);
    await expect(call).rejects.toThrow('abort');
    await closed;
  });

  it('while the body streams ends it', async () => {
    let closed: Promise<unknown> = Promise.resolve();
    const server = await serve((_request, response) => {
      closed = once(response, 'close');
      response.write('first');
    });
    const { auth, asked, answer } = slow(server.origin);
    const controller = new AbortController();
    void asked.then(answer);
    const response = await createFetch({ auth })('/', { signal: controller.signal });
    controller.abort();
    await expect(response.text()).rejects.toThrow('abort');
    await closed;
  });
});
