import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { request, Response as UndiciResponse } from 'undici';
import { createRedactor } from '../../src/redaction/redactor.js';

const secret = 'sk-live-0123456789abcdef';
const redactor = createRedactor();
redactor.add(secret);

const streamed = (...parts: string[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const part of parts) controller.enqueue(Buffer.from(part));
      controller.close();
    },
  });

describe('a response', () => {
  it('is wrapped, with redacted body, headers and status text, its status kept (F14)', async () => {
    const headers = { 'content-type': 'application/json', 'x-echo': `is ${secret}`, [secret]: 'x' };
    const source = new Response(streamed('{"k":"sk-live-', '0123456789abcdef"}'), {
      status: 403,
      statusText: `no ${secret}`,
      headers,
    });
    const response = redactor.value(source);
    expect(response).toBeInstanceOf(Response);
    expect(response.status).toBe(403);
    expect(response.ok).toBe(false);
    expect(response.statusText).toBe('no [secret]');
    expect(Object.fromEntries(response.headers)).toEqual({
      'content-type': 'application/json',
      'x-echo': 'is [secret]',
    });
    expect(inspect(response, { depth: null, showHidden: true })).not.toContain(secret);
    expect(await response.json()).toEqual({ k: '[secret]' });
  });

  it('is wrapped inside a value, and when it holds no secret', async () => {
    const source = { response: new Response('clean') };
    const wrapped = redactor.value(source);
    expect(wrapped.response).not.toBe(source.response);
    expect(await wrapped.response.text()).toBe('clean');
  });

  it('can be cloned, and each clone read', async () => {
    const response = redactor.value(new Response(secret));
    const clone = response.clone();
    const again = clone.clone();
    expect(await Promise.all([response.text(), clone.text(), again.text()])).toEqual([
      '[secret]',
      '[secret]',
      '[secret]',
    ]);
    expect(response.bodyUsed).toBe(true);
  });

  it('loses the headers that speak of its bytes as they were, if it has a body (X17)', () => {
    const about = {
      'content-length': '5',
      etag: '"a"',
      'content-md5': 'x',
      digest: 'x',
      'content-digest': 'x',
      'repr-digest': 'x',
    };
    expect([
      ...redactor
        .value(new Response('12345', { headers: { ...about, a: 'b', 'content-type': 'text/plain' } }))
        .headers.keys(),
    ]).toEqual(['a', 'content-type']);
    const head = redactor.value(new Response(null, { status: 204, headers: about }));
    expect(head.body).toBe(null);
    expect([...head.headers.keys()]).toHaveLength(6);
    expect(redactor.value(new Response(null, { status: 304, headers: about })).status).toBe(304);
  });

  it('keeps every cookie it sets', () => {
    const source = new Response('x');
    source.headers.append('set-cookie', 'a=1');
    source.headers.append('set-cookie', `b=${secret}`);
    expect(redactor.value(source).headers.getSetCookie()).toEqual(['a=1', 'b=[secret]']);
  });

  it('keeps where it came from, redacted', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/from') response.writeHead(302, { location: `/to?key=${secret}` }).end();
      else response.end(secret);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    try {
      const response = redactor.value(await fetch(`http://127.0.0.1:${String(port)}/from`));
      expect(response.url).toBe(`http://127.0.0.1:${String(port)}/to?key=[secret]`);
      expect(response.redirected).toBe(true);
      expect(response.type).toBe('basic');
      expect(response.clone().url).toBe(response.url);
      expect(await response.text()).toBe('[secret]');

      const answer = redactor.value(await request(`http://127.0.0.1:${String(port)}/`));
      expect(answer.statusCode).toBe(200);
      expect(await answer.body.text()).toBe('[secret]');
    } finally {
      server.close();
    }
  });

  it('may be of undici’s own class', async () => {
    const response = redactor.value(new UndiciResponse(`x ${secret}`, { status: 201, headers: { a: secret } }));
    expect(response).toBeInstanceOf(UndiciResponse);
    expect(response.status).toBe(201);
    expect(response.headers.get('a')).toBe('[secret]');
    expect(await response.text()).toBe('x [secret]');
  });

  it('may have been read, or be an error', async () => {
    const read = new Response(secret);
    await read.text();
    expect(redactor.value(read).bodyUsed).toBe(true);
    await expect(redactor.value(read).text()).resolves.toBe('');
    expect(redactor.value(Response.error()).type).toBe('error');
  });

  it('passes a failure of its body on, redacted', async () => {
    const failing = new ReadableStream({
      pull() {
        throw new Error(`broke on ${secret}`);
      },
    });
    await expect(redactor.value(new Response(failing)).text()).rejects.toThrow('broke on [secret]');
  });

  it('ends its source when it is cancelled', async () => {
    let reason: unknown;
    const source = new ReadableStream({ cancel: (given) => void (reason = given) });
    await redactor.value(new Response(source)).body?.cancel('enough');
    expect(reason).toBe('enough');
  });
});
