import { Readable } from 'node:stream';
import { request } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAgent, createFetch } from '../../src/http/index.js';
import { createRegistry } from '../../src/registry/registry.js';
import { header } from '../../src/placement/placement.js';
import type { AuditEvent } from '../../src/audit/event.js';
import { serve } from '../support/serve.js';

const old = 'old-key-0123456789';
const current = 'new-key-0123456789';

/** An API that has rotated its key, and a store that has the new one as soon as it is asked again. */
async function rotated({ known = current, body = 'who are you' } = {}) {
  const server = await serve((received, response) => {
    const ok = received.headers['x-api-key'] === known;
    response.statusCode = ok ? 200 : 401;
    response.setHeader('www-authenticate', 'Bearer');
    response.end(ok ? `hello ${received.body.toString()}` : body);
  });
  const events: AuditEvent[] = [];
  const asked: (string | undefined)[] = [];
  const registry = createRegistry({
    audit: (event) => void events.push(event),
    providers: [
      {
        name: 'api',
        baseUrl: server.origin,
        placement: header('x-api-key'),
        source: ({ rejectedVersion }) => {
          asked.push(rejectedVersion);
          return rejectedVersion === undefined ? { secret: old, version: '1' } : { secret: current, version: '2' };
        },
      },
    ],
  });
  const auth = registry.auth('api');
  const dispatcher = createAgent({ auth });
  onTestFinished(() => dispatcher.close());
  return { server, asked, events, fetch: createFetch({ auth }), dispatcher, url: server.origin };
}

describe('a 401', () => {
  it('is answered with one refresh and one repeat', async () => {
    const { fetch, server, asked, events } = await rotated();
    const response = await fetch('/');
    expect([response.status, await response.text()]).toEqual([200, 'hello ']);
    expect(server.received.map(({ headers }) => headers['x-api-key'])).toEqual([old, current]);
    expect(asked).toEqual([undefined, '1']);
    expect(events.filter(({ type }) => type === 'use')).toEqual([
      expect.objectContaining({ outcome: 'ok', status: 200, version: '2', repeated: true }),
    ]);
  });

  const replayable: [string, () => NonNullable<RequestInit['body']>][] = [
    ['text', () => 'abc'],
    ['bytes', () => new TextEncoder().encode('abc')],
    ['a Blob', () => new Blob(['abc'])],
    ['URLSearchParams', () => new URLSearchParams('abc=')],
  ];
  it.each(replayable)('is repeated with the same body of %s by fetch', async (_kind, body) => {
    const { fetch, server } = await rotated();
    const response = await fetch('/', { method: 'POST', body: body() });
    expect(response.status).toBe(200);
    expect(await response.text()).toMatch(/^hello abc=?$/);
    expect(server.received[0]?.body.equals(server.received[1]?.body ?? Buffer.alloc(0))).toBe(true);
  });

  it('is repeated with the same form, and with the body of a Request', async () => {
    const { fetch, server, url } = await rotated();
    const form = new FormData();
    form.set('field', 'value');
    expect((await fetch('/', { method: 'POST', body: form })).status).toBe(200);
    expect(server.received[1]?.body.toString()).toContain('value');
    expect(server.received[0]?.body.toString()).toBe(server.received[1]?.body.toString());
    const again = await rotated();
    expect((await again.fetch(new Request(again.url, { method: 'POST', body: 'abc' }))).status).toBe(200);
    expect(url).not.toBe(again.url);
  });

  it.each(['string', 'Buffer', 'Uint8Array', 'Blob'] as const)(
    'is repeated with a %s by undici.request',
    async (kind) => {
      const { dispatcher, url } = await rotated();
      const bodies = {
        string: 'abc',
        Buffer: Buffer.from('abc'),
        Uint8Array: new TextEncoder().encode('abc'),
        Blob: new Blob(['abc']) as unknown as string,
      };
      const { statusCode, body } = await request(url, { dispatcher, method: 'POST', body: bodies[kind] });
      expect([statusCode, await body.text()]).toEqual([200, 'hello abc']);
    },
  );

  it('passes when the body was a stream, which runs once (H16)', async () => {
    const { fetch, server, dispatcher, url } = await rotated();
    const stream = new Response('abc').body;
    const response = await fetch('/', { method: 'POST', body: stream, duplex: 'half' });
    expect([response.status, await response.text()]).toEqual([401, 'who are you']);
    expect(server.received).toHaveLength(1);
    const second = await rotated();
    const answer = await request(second.url, {
      dispatcher: second.dispatcher,
      method: 'POST',
      body: Readable.from(['abc']),
    });
    expect([answer.statusCode, await answer.body.text()]).toEqual([401, 'who are you']);
    expect(second.server.received).toHaveLength(1);
    // The refused version is not used again all the same.
    expect((await request(url, { dispatcher })).statusCode).toBe(200);
  });

  it('twice is passed on, head and body whole', async () => {
    const { fetch, server, dispatcher, url } = await rotated({ known: 'nobody has it' });
    const response = await fetch('/');
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect(await response.text()).toBe('who are you');
    expect(server.received).toHaveLength(2);
    const answer = await request(url, { dispatcher });
    expect([answer.statusCode, await answer.body.text()]).toEqual([401, 'who are you']);
  });

  it('to HEAD ends', async () => {
    const { fetch, server } = await rotated({ known: 'nobody has it' });
    expect((await fetch('/', { method: 'HEAD' })).status).toBe(401);
    expect(server.received).toHaveLength(2);
  });

  it('with a long body does not hold up the repeat', async () => {
    const { fetch } = await rotated({ body: 'x'.repeat(10_000_000) });
    expect((await fetch('/')).status).toBe(200);
  });

  it('for many calls at once asks the store once', async () => {
    const { fetch, asked } = await rotated();
    const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await fetch('/')).status));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(asked).toEqual([undefined, '1']);
  });
});
