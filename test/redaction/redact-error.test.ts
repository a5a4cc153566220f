import { Agent, createServer, get, request, type ClientRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClavigerError } from '../../src/errors.js';
import { createRedactor } from '../../src/redaction/redactor.js';

const secret = 'sk-live-0123456789abcdef';
const redactor = createRedactor();
redactor.add(secret);

const show = (value: unknown) =>
  inspect(value, { depth: null, showHidden: true, getters: true, maxStringLength: null, maxArrayLength: null });

describe('an error', () => {
  it('stays the same object, its message, stack and properties redacted', () => {
    const error = Object.assign(new TypeError(`no ${secret}`), {
      code: 'E_AUTH',
      url: `https://a.test/?k=${secret}`,
      status: 401,
    });
    const redacted = redactor.error(error);
    expect(redacted).toBe(error);
    expect(error.message).toBe('no [secret]');
    expect(error.url).toBe('https://a.test/?k=[secret]');
    expect(error).toMatchObject({ code: 'E_AUTH', status: 401, name: 'TypeError' });
    expect(show(error)).not.toContain(secret);
    expect(redactor.value(error)).toBe(error);
  });

  it('without a secret is not touched', () => {
    const error = Object.assign(new Error('harmless', { cause: { deep: ['clean'] } }), { extra: new Map() });
    const before = Object.getOwnPropertyDescriptors(error);
    expect(redactor.error(error)).toBe(error);
    expect(Object.getOwnPropertyDescriptors(error)).toEqual(before);
  });

  it('has what hangs beneath it replaced by copies, which is never altered itself', () => {
    const headers = { authorization: `Bearer ${secret}` };
    const cause = new RangeError(`inner ${secret}`);
    const clean = { fine: true };
    const error = Object.assign(new Error('outer', { cause }), { config: { headers, clean }, clean });
    redactor.error(error);
    expect(headers.authorization).toBe(`Bearer ${secret}`);
    expect(cause.message).toBe(`inner ${secret}`);
    expect(error.config).toEqual({ headers: { authorization: 'Bearer [secret]' }, clean });
    expect(error.clean).toBe(clean);
    expect(error.config.clean).toBe(clean);
    expect(error.cause).toBeInstanceOf(RangeError);
    expect((error.cause as Error).message).toBe('inner [secret]');
    expect(show(error)).not.toContain(secret);
  });

  it('of several errors loses the secret at every depth (S9)', () => {
    const inner = new AggregateError([new Error(secret), new Error('clean')], 'inner');
    const error = new AggregateError([inner, { reason: secret }, secret], `all of ${secret}`);
    expect(redactor.error(error)).toBe(error);
    expect(show(error)).not.toContain(secret);
    expect((error.errors[0] as AggregateError).errors).toHaveLength(2);
    expect(Object.getOwnPropertyDescriptor(error, 'errors')?.enumerable).toBe(false);
  });

  it('may be its own cause (S10)', () => {
    const first = new Error(`first ${secret}`);
    const second = new Error(`second ${secret}`, { cause: first });
    first.cause = second;
    redactor.error(first);
    expect(first.message).toBe('first [secret]');
    expect((first.cause as Error).message).toBe('second [secret]');
    expect((first.cause as Error).cause).toBe(first);
    const self = new Error(secret);
    self.cause = self;
    expect(redactor.error(self).cause).toBe(self);
  });

  it('may hold it in a getter, a symbol key, a hidden property, a private-looking one (S11)', () => {
    const kHeaders = Symbol('kHeaders');
    let reads = 0;
    const error = Object.defineProperties(new Error('x'), {
      computed: { get: () => (reads++, secret), enumerable: true, configurable: true },
      hidden: { value: [secret], configurable: true },
      [kHeaders]: { value: { a: secret }, configurable: true },
      [Symbol(secret)]: { value: 1, configurable: true },
      failing: {
        get: () => {
          throw new Error(secret);
        },
        configurable: true,
      },
    });
    expect(redactor.error(error)).toBe(error);
    expect(reads).toBe(1);
    expect(error).toMatchObject({ computed: '[secret]', hidden: ['[secret]'], [kHeaders]: { a: '[secret]' } });
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain(secret);
  });

  it('may have its message from its class', () => {
    const error = new DOMException(`aborted ${secret}`, 'AbortError');
    expect(redactor.error(error)).toBe(error);
    expect(error.message).toBe('aborted [secret]');
    expect(error.name).toBe('AbortError');
    expect(String(error) + String(error.stack)).not.toContain(secret);
  });

  it('that can’t be altered becomes an Error of its name, code and redacted message', () => {
    const frozen = Object.freeze(Object.assign(new TypeError(`no ${secret}`), { code: 'E_AUTH', other: secret }));
    const fixed = Object.defineProperty(new Error('fine'), 'key', { value: secret });
    const sealedName = Object.defineProperty(new Error('fine'), secret, { value: 1 });
    for (const error of [frozen, fixed, sealedName]) {
      const redacted = redactor.error(error) as Error & { code?: string };
      expect(redacted).not.toBe(error);
      expect(redacted).toBeInstanceOf(Error);
      expect(redacted.name).toBe(error.name);
      expect(redacted.message).toBe(error.message.replace(secret, '[secret]'));
      expect(redacted.code).toBe((error as { code?: string }).code);
      expect(show(redacted)).not.toContain(secret);
    }
    const clean = Object.freeze(new Error('fine'));
    expect(redactor.error(clean)).toBe(clean);
  });

  it('may be one of ours', () => {
    const error = new ClavigerError('ERR_STORE_UNAVAILABLE', `store said ${secret}`, {
      store: 'vault',
      cause: new Error(secret),
    });
    expect(redactor.error(error)).toBe(error);
    expect(error).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE', store: 'vault', message: 'store said [secret]' });
    expect(show(error)).not.toContain(secret);
  });

  it('may be no error at all', () => {
    expect(redactor.error(`thrown ${secret}`)).toBe('thrown [secret]');
    expect(redactor.error({ reason: secret })).toEqual({ reason: '[secret]' });
    expect(redactor.error(undefined)).toBeUndefined();
  });

  it('inside a value is copied as an error of its class', () => {
    const reason = new RangeError(secret);
    const [settled] = redactor.value([{ status: 'rejected', reason }]);
    expect(settled?.reason).toBeInstanceOf(RangeError);
    expect(settled?.reason.message).toBe('[secret]');
    expect(reason.message).toBe(secret);
  });
});

describe('an error of an HTTP client', () => {
  const agent = new Agent({ keepAlive: true });
  const server = createServer((_, response) => response.writeHead(401, { 'x-echo': secret }).end(`bad key ${secret}`));
  let sent: ClientRequest;
  let answer: IncomingMessage;
  beforeAll(async () => {
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    sent = request({
      port,
      host: '127.0.0.1',
      agent,
      headers: { authorization: `Bearer ${secret}` },
      path: `/?k=${secret}`,
    });
    answer = await new Promise((done) => sent.on('response', done).end());
  });
  afterAll(() => {
    agent.destroy();
    server.close();
  });

  class AxiosHeaders {
    [name: string]: unknown;
    toJSON() {
      return { ...this };
    }
  }

  /** As axios 1.x builds it: `config`, `request` and `response`, the response leading back to both. */
  const axiosError = () => {
    const headers = Object.assign(new AxiosHeaders(), { Accept: '*/*', Authorization: `Bearer ${secret}` });
    const config = {
      url: `/?k=${secret}`,
      method: 'get',
      headers,
      httpAgent: agent,
      transformRequest: [() => secret],
      adapter: ['http'],
    };
    const response = {
      status: 401,
      statusText: 'Unauthorized',
      headers: Object.assign(new AxiosHeaders(), { 'x-echo': secret }),
      config,
      request: sent,
      data: { error: `bad key ${secret}` },
    };
    return Object.assign(new Error('Request failed with status code 401'), {
      name: 'AxiosError',
      code: 'ERR_BAD_REQUEST',
      status: 401,
      config,
      request: sent,
      response,
      toJSON(): unknown {
        return { ...this, request: undefined, response: undefined };
      },
    });
  };

  it('keeps of an axios one what is of use, and no credential', () => {
    const error = axiosError();
    const { config, response } = error;
    expect(redactor.error(error)).toBe(error);
    expect(error).toMatchObject({
      code: 'ERR_BAD_REQUEST',
      status: 401,
      request: 'ClientRequest',
      config: { method: 'get', url: '/?k=[secret]', headers: { Accept: '*/*', Authorization: 'Bearer [secret]' } },
      response: {
        status: 401,
        statusText: 'Unauthorized',
        data: { error: 'bad key [secret]' },
        request: 'ClientRequest',
      },
    });
    expect(error.response.config).toBe(error.config);
    expect(config.headers.Authorization).toBe(`Bearer ${secret}`);
    expect(response.data.error).toBe(`bad key ${secret}`);
    expect(show(error)).not.toContain(secret);
    expect(JSON.stringify(error)).not.toContain(secret);
    expect(sent.getHeader('authorization')).toBe(`Bearer ${secret}`);
  });

  it('keeps of a got one what is of use, and no credential', () => {
    class Options {
      readonly #internals = { headers: { authorization: `Bearer ${secret}` } };
      get headers() {
        return this.#internals.headers;
      }
      toJSON() {
        return this.#internals;
      }
    }
    const options = new Options();
    const error = new Error('Response code 401 (Unauthorized)');
    error.name = 'HTTPError';
    Object.defineProperties(error, {
      request: { enumerable: false, value: sent, configurable: true },
      response: {
        enumerable: false,
        value: Object.assign(answer, { body: `bad key ${secret}`, request: sent }),
        configurable: true,
      },
      options: { enumerable: false, value: options, configurable: true },
    });
    Object.assign(error, { code: 'ERR_NON_2XX_3XX_RESPONSE', timings: { start: 1 } });
    const redacted = redactor.error(error) as Error & Record<string, unknown>;
    expect(redacted).toBe(error);
    expect(redacted).toMatchObject({
      request: 'ClientRequest',
      timings: { start: 1 },
      code: 'ERR_NON_2XX_3XX_RESPONSE',
    });
    expect(redacted['options']).toEqual({ headers: { authorization: 'Bearer [secret]' } });
    const response = redacted['response'] as { statusCode: number; headers: Record<string, string>; body: string };
    expect(response.statusCode).toBe(401);
    expect(response.headers['x-echo']).toBe('[secret]');
    expect(response.body).toBe('bad key [secret]');
    expect(show(error)).not.toContain(secret);
  });

  it('has a response that is redacted when it is read', async () => {
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${String(port)}/`);
    const error = Object.assign(new Error('401'), { response });
    redactor.error(error);
    expect(error.response).toBeInstanceOf(Response);
    expect(error.response.status).toBe(401);
    expect(error.response.headers.get('x-echo')).toBe('[secret]');
    expect(await error.response.text()).toBe('bad key [secret]');
  });

  it('has a request without the credential, where it hides its headers too', async () => {
    const headers = { authorization: `Bearer ${secret}`, accept: '*/*' };
    const withBody = new Request('http://127.0.0.1/?q=1', { method: 'POST', headers, body: `{"k":"${secret}"}` });
    const error = Object.assign(new Error('401'), {
      request: new Request(`http://127.0.0.1/?k=${secret}`, { headers }),
      withBody,
    });
    const clean = Object.assign(new Error('401'), { request: new Request('http://127.0.0.1/') });
    const { request } = clean;
    redactor.error(error);
    expect(error.request.url).toBe('http://127.0.0.1/?k=[secret]');
    expect(Object.fromEntries(error.request.headers)).toEqual({ authorization: 'Bearer [secret]', accept: '*/*' });
    expect(error.withBody.method).toBe('POST');
    expect(error.withBody.headers.get('authorization')).toBe('Bearer [secret]');
    expect(await error.withBody.text()).toBe('{"k":"[secret]"}');
    expect(redactor.error(clean)).toBe(clean);
    expect(clean.request).toBe(request);
    class Exchange {
      constructor(readonly response: Response) {}
    }
    expect(redactor.value(new Exchange(new Response('x', { headers })))).toEqual({ response: 'Response' });
  });

  it('has a body that is redacted when it is read', async () => {
    const { port } = server.address() as AddressInfo;
    const data = await new Promise<IncomingMessage>((done) => get({ port, host: '127.0.0.1' }, done));
    const error = Object.assign(new Error('401'), { response: { status: 401, data } });
    redactor.error(error);
    let body = '';
    for await (const chunk of error.response.data) body += String(chunk);
    expect(body).toBe('bad key [secret]');
  });
});
