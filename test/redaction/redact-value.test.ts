import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor, type Redactor } from '../../src/redaction/redactor.js';
import { Secret } from '../../src/secret.js';

const secret = 'sk-live-0123456789abcdef';
const other = 'another-secret-9876543210';

const redactorOf = (...known: string[]): Redactor => {
  const redactor = createRedactor();
  for (const each of known) redactor.add(each);
  return redactor;
};
const redactor = redactorOf(secret, other);

class Session {
  readonly #hidden: string;
  readonly id = 7;
  constructor(
    readonly token: string,
    readonly extra?: unknown,
  ) {
    this.#hidden = token;
  }
  get hidden(): string {
    return this.#hidden;
  }
}

describe('a value without a secret', () => {
  it('comes back identical, whatever its shape', () => {
    const cyclic: Record<string, unknown> = { a: 1 };
    cyclic['self'] = cyclic;
    const clean: unknown[] = [
      { status: 200, body: 'short' },
      [1, 'two', [3]],
      new Map([['a', { b: new Set(['c']) }]]),
      Buffer.from('hello'),
      new Float64Array([1, 2]),
      new DataView(new ArrayBuffer(8)),
      new Date(),
      /sk-live/,
      new String('text'),
      new Session('harmless'),
      { session: new Session('harmless'), when: new Date(), big: 10n, none: null, symbol: Symbol('s') },
      new Error('harmless', { cause: new Error('also') }),
      cyclic,
      Object.freeze({ frozen: Object.freeze(['deep']) }),
      () => secret,
      new URL('https://a.test/?q=1'),
      new Headers({ a: 'b' }),
      Object.create(null) as object,
      Secret.from(secret),
      { secret: Secret.from(secret) },
      undefined,
      12345678901234567890n,
    ];
    for (const value of clean) expect(redactor.value(value)).toBe(value);
  });

  it('comes back identical for every JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(redactor.value(value)).toBe(value);
      }),
    );
  });
});

describe('a value with a secret', () => {
  it('is copied without it, its structure kept, and never altered', () => {
    const leaves = fc.constantFrom<unknown>(
      secret,
      `x${secret}y`,
      Buffer.from(secret).toString('hex'),
      'clean',
      1,
      null,
    );
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        leaves,
        fc.array(tie('tree')),
        fc.dictionary(fc.constantFrom('a', 'b', secret, '__proto__'), tie('tree')),
        fc.array(fc.tuple(leaves, tie('tree'))).map((entries) => new Map(entries)),
        fc.array(tie('tree')).map((items) => new Set(items)),
        tie('tree').map((extra) => new Session('clean', extra)),
      ),
    }));
    const show = (value: unknown) =>
      inspect(value, { depth: null, showHidden: true, maxStringLength: null, maxArrayLength: null });
    fc.assert(
      fc.property(tree, (value) => {
        const before = show(value);
        const holds = before.includes(secret) || before.includes(Buffer.from(secret).toString('hex'));
        const redacted = redactor.value(value);
        expect(show(value)).toBe(before);
        if (!holds) expect(redacted).toBe(value);
        expect(show(redacted)).not.toContain(secret);
        expect(show(redacted)).not.toContain(Buffer.from(secret).toString('hex'));
      }),
      { numRuns: 200 },
    );
  });

  it('keeps what beside it is clean (F12)', () => {
    const clean = { deep: ['untouched'] };
    const when = new Date();
    const value = { list: [{ key: secret }], clean, when, session: new Session('harmless') };
    const redacted = redactor.value(value);
    expect(redacted).toEqual({ ...value, list: [{ key: '[secret]' }] });
    expect(redacted.clean).toBe(clean);
    expect(redacted.when).toBe(when);
    expect(redacted.session).toBe(value.session);
  });

  it('keeps two object keys two (X4)', () => {
    expect(redactor.value({ [secret]: 1, [other]: 2, '[secret]': 3 })).toEqual({
      '[secret]': 1,
      '[secret]-2': 2,
      '[secret]-3': 3,
    });
    expect([
      ...redactor.value(
        new Map([
          [secret, 1],
          [other, 2],
        ]),
      ),
    ]).toEqual([
      ['[secret]', 1],
      ['[secret]-2', 2],
    ]);
  });

  it('is redacted in symbol keys, hidden properties and getters, each read once', () => {
    let reads = 0;
    const value = Object.defineProperties(
      { [Symbol.for('k')]: secret, [Symbol(secret)]: 1 },
      {
        hidden: { value: secret },
        computed: { get: () => (reads++, secret), enumerable: true },
        failing: {
          get: () => {
            throw new Error(secret);
          },
        },
      },
    );
    expect(inspect(redactor.value(value), { showHidden: true })).not.toContain(secret);
    class Lazy {
      constructor() {
        Object.defineProperty(this, 'computed', { get: () => (reads++, secret), enumerable: true });
      }
    }
    reads = 0;
    expect(redactor.value(new Lazy())).toEqual({ computed: '[secret]' });
    expect(reads).toBe(1);
  });

  it('keeps cycles and shared references', () => {
    const shared = { key: secret };
    const value: Record<string, unknown> = {
      first: shared,
      second: shared,
      map: new Map<unknown, unknown>([[shared, shared]]),
    };
    value['self'] = value;
    const redacted = redactor.value(value);
    expect(redacted).not.toBe(value);
    expect(redacted['self']).toBe(redacted);
    expect(redacted['first']).toBe(redacted['second']);
    expect(redacted['first']).toEqual({ key: '[secret]' });
    expect([...(redacted['map'] as Map<unknown, unknown>)]).toEqual([[redacted['first'], redacted['first']]]);
  });

  it('may be nested 100 000 times', () => {
    let value: unknown = secret;
    for (let depth = 0; depth < 100_000; depth++) value = depth % 2 === 0 ? { value } : [value];
    let redacted = redactor.value(value);
    while (typeof redacted === 'object' && redacted !== null) redacted = Object.values(redacted)[0] as unknown;
    expect(redacted).toBe('[secret]');
  });

  it('may be a sparse array, or a match of a regular expression', () => {
    const sparse: unknown[] = [];
    sparse[3] = secret;
    expect(redactor.value(sparse)).toStrictEqual([, , , '[secret]']); // eslint-disable-line no-sparse-arrays
    expect(redactor.value(/live/.exec(secret))?.input).toBe('[secret]');
  });

  it('may be bytes of any kind, of which the copy keeps the type (F13)', () => {
    const bytes = Buffer.from(`--${secret}--`);
    const plain = new Uint8Array(bytes);
    for (const value of [
      bytes,
      plain,
      plain.buffer,
      new DataView(plain.buffer),
      new Uint8ClampedArray(plain),
      new Uint16Array(plain.buffer),
    ]) {
      const redacted = redactor.value(value);
      expect(redacted.constructor).toBe(value.constructor);
      const view = ArrayBuffer.isView(redacted) ? redacted : new Uint8Array(redacted);
      const content = Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString();
      expect(content.replace(/\0+$/, '')).toBe('--[secret]--');
    }
    expect(plain.buffer.byteLength).toBe(bytes.length);
  });

  it('may be a number, a pattern, a URL, headers or a form', () => {
    const digits = redactorOf('1234567890123', 'abcdefgh1234');
    expect(digits.value({ id: 1234567890123, big: 1234567890123n, ok: 5 })).toEqual({
      id: '[secret]',
      big: '[secret]',
      ok: 5,
    });
    expect(digits.value(1234567890123)).toBe('[secret]');
    expect(String(digits.value(/abcdefgh1234/))).not.toContain('abcdefgh1234');
    expect(String(digits.value(new String('abcdefgh1234')))).toBe('[secret]');
    expect(digits.value(new URL('https://a.test/?key=abcdefgh1234')).href).not.toContain('abcdefgh1234');
    expect(digits.value(new Headers({ a: 'abcdefgh1234', b: 'c' })).get('a')).toBe('[secret]');
    expect(digits.value(new URLSearchParams({ k: 'abcdefgh1234' })).get('k')).toBe('[secret]');
    expect(digits.value(Symbol('abcdefgh1234')).description).toBe('[secret]');
  });
});

describe('an instance of a class', () => {
  it('becomes a plain copy if it holds a secret, streams, agents and functions in it replaced by their names', () => {
    class Agent {
      dispatch(): void {}
    }
    const session = new Session(secret, {
      stream: new PassThrough(),
      agent: new Agent(),
      fn: () => 1,
      promise: Promise.resolve(secret),
    });
    const redacted = redactor.value(session);
    expect(Object.getPrototypeOf(redacted)).toBe(Object.prototype);
    expect(redacted).toEqual({
      id: 7,
      token: '[secret]',
      extra: { stream: 'PassThrough', agent: 'Agent', fn: 'Function', promise: 'Promise' },
    });
    expect(session.token).toBe(secret);
  });

  it('is replaced by its JSON if it shows its secret only there', () => {
    class Hidden {
      readonly #key = secret;
      toJSON() {
        return { key: this.#key };
      }
    }
    expect(redactor.value({ hidden: new Hidden() })).toEqual({ hidden: { key: '[secret]' } });
  });

  it('is replaced by its name if it can’t be read', () => {
    const hostile = new Proxy(
      {},
      {
        getPrototypeOf() {
          throw new Error(secret);
        },
      },
    );
    expect(redactor.value({ hostile, ok: 1 })).toEqual({ hostile: 'Object', ok: 1 });
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    expect(redactor.value([revoked.proxy])).toEqual(['Object']);
  });
});

describe('what gives its content later', () => {
  const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
    const all: T[] = [];
    for await (const item of items) all.push(item);
    return all;
  };

  it('is wrapped: a promise, kept or broken', async () => {
    await expect(redactor.value({ later: Promise.resolve(secret) }).later).resolves.toBe('[secret]');
    await expect(redactor.value(Promise.reject(new Error(secret)))).rejects.toThrow(/^\[secret\]$/);
  });

  it('is wrapped: an async generator that yields a secret cut in two (F15)', async () => {
    async function* yields(...items: unknown[]) {
      yield* items;
    }
    expect(await collect(redactor.value(yields('a sk-live-0123', '456789abcdef b', 'c')))).toEqual([
      'a [secret]',
      ' b',
      'c',
    ]);
    expect(await collect(redactor.value(yields(...secret)))).toEqual([
      '[secret]',
      ...Array<string>(secret.length - 1).fill(''),
    ]);
    const bytes = await collect(redactor.value(yields(Buffer.from('sk-live-0123'), Buffer.from('456789abcdef!'))));
    expect(bytes.every((each) => Buffer.isBuffer(each))).toBe(true);
    expect(Buffer.concat(bytes as Buffer[]).toString()).toBe('[secret]!');
  });

  it.each<[string, (...items: unknown[]) => AsyncIterable<unknown>]>([
    [
      'an async generator',
      (...items) =>
        (async function* () {
          yield* items;
        })(),
    ],
    ['a stream of Node’s', (...items) => Readable.from(items)],
    ['a web stream', (...items) => ReadableStream.from(items)],
  ])('keeps the order of texts, bytes and objects: %s', async (_, make) => {
    const items = ['text s', { type: 'tool' }, 'later', Buffer.from('sk-'), 'sk-live-', Buffer.from('x'), 1, ''];
    expect(await collect(redactor.value(make(...items)))).toEqual(items);
    expect(await collect(redactor.value(make('sk-live-', 1, { key: secret })))).toEqual([
      'sk-live-',
      1,
      { key: '[secret]' },
    ]);
  });

  it('gives no second half of a secret whose first half was given on before an item of another kind', async () => {
    const [first, second] = [secret.slice(0, 9), secret.slice(9)];
    async function* yields(...items: unknown[]) {
      yield* items;
    }
    const bytesOf = (text: string) => Buffer.from(text);
    const cut = [`a ${first}`, 1, second.slice(0, 3), 2, `${second.slice(3)} b`, 'c'];
    expect(await collect(redactor.value(yields(...cut)))).toEqual([`a ${first}`, 1, '123', 2, ' b', 'c']);
    for (const wrapped of [
      redactor.value(yields(bytesOf(first), 1, bytesOf(second))),
      redactor.value(Readable.from([bytesOf(first), 1, bytesOf(second)])),
    ]) {
      const shown = await collect(wrapped as AsyncIterable<unknown>);
      expect(shown.map(String).join('')).toBe(`${first}1`);
    }
    expect(await collect(redactor.value(yields(first, 1, 'harmless', secret)))).toEqual([
      first,
      1,
      'harmless',
      '[secret]',
    ]);
  });

  it('keeps the seams between clean items, which may be lines or records', async () => {
    async function* lines() {
      yield* ['tasks', 'risk', 'sk', '', 'sk-live-', 'end'];
    }
    expect(await collect(redactor.value(lines()))).toEqual(['tasks', 'risk', 'sk', '', 'sk-live-', 'end']);
  });

  it('passes next, return and throw to the generator', async () => {
    const seen: unknown[] = [];
    async function* talk(): AsyncGenerator<unknown, unknown, unknown> {
      try {
        seen.push(yield 1);
        yield 2;
      } catch (error) {
        seen.push((error as Error).message);
        yield 3;
      } finally {
        seen.push('closed');
      }
      return secret;
    }
    const talked = redactor.value(talk());
    expect(await talked.next()).toEqual({ done: false, value: 1 });
    expect(await talked.next('passed')).toEqual({ done: false, value: 2 });
    expect(await talked.throw(new Error('thrown'))).toEqual({ done: false, value: 3 });
    expect(await talked.next()).toEqual({ done: true, value: '[secret]' });
    expect(await talked.next()).toEqual({ done: true, value: undefined });
    for await (const each of redactor.value(talk())) if (each === 1) break;
    expect(seen).toEqual(['passed', 'thrown', 'closed', 'closed']);
  });

  it('redacts what an iterator throws', async () => {
    async function* fails() {
      yield 'ok';
      throw new Error(`no ${secret}`);
    }
    await expect(collect(redactor.value(fails()))).rejects.toThrow('no [secret]');
  });

  it('is wrapped: a generator and other iterators, also with the secret cut in two', () => {
    function* yields() {
      yield 'a sk-live-';
      yield '0123456789abcdef b';
      return secret;
    }
    expect([...redactor.value(yields())]).toEqual(['a [secret]', ' b']);
    expect([...redactor.value([secret].values())]).toEqual(['[secret]']);
    expect([...redactor.value({ keys: new Map([[secret, 1]]).keys() }).keys]).toEqual(['[secret]']);
  });

  it('is wrapped: a page that is iterated over and has more to it', async () => {
    class Page {
      readonly data = [{ key: secret }];
      readonly #next: string = secret;
      hasMore(): boolean {
        return this.#next !== '';
      }
      next_(): this {
        return this;
      }
      async *[Symbol.asyncIterator]() {
        yield* this.data;
      }
    }
    const page = redactor.value(new Page());
    expect(page).toBeInstanceOf(Page);
    expect(page.data).toEqual([{ key: '[secret]' }]);
    expect(page.hasMore()).toBe(true);
    expect(page.next_().data).toEqual([{ key: '[secret]' }]);
    expect(await collect(page)).toEqual([{ key: '[secret]' }]);
    expect(JSON.stringify(page) + inspect(page, { showHidden: true })).not.toContain(secret);
  });

  it('is wrapped: a web stream of bytes, texts or objects', async () => {
    const streamOf = (...items: unknown[]) =>
      new ReadableStream<unknown>({
        start(controller) {
          for (const item of items) controller.enqueue(item);
          controller.close();
        },
      });
    expect(await collect(redactor.value(streamOf('x sk-live-', '0123456789abcdef')))).toEqual(['x [secret]', '']);
    expect(await collect(redactor.value(streamOf({ key: secret })))).toEqual([{ key: '[secret]' }]);
    const bytes = await collect(redactor.value(streamOf(Buffer.from('x sk-live-'), Buffer.from('0123456789abcdef'))));
    expect(Buffer.concat(bytes as Buffer[]).toString()).toBe('x [secret]');
    const locked = streamOf(secret);
    locked.getReader();
    await expect(collect(redactor.value(locked))).rejects.toThrow('locked');
  });

  it('is wrapped: a blob and a file', async () => {
    expect(await redactor.value(new Blob([secret])).text()).toBe('[secret]');
    const file = redactor.value(
      new File([secret.slice(0, 9), secret.slice(9)], `${secret}.txt`, { type: 'text/plain' }),
    );
    expect(file.name).toBe('[secret].txt');
    expect(Buffer.from(await file.arrayBuffer()).toString()).toBe('[secret]');
  });

  it('is wrapped: Node’s streams, of bytes, of text and of objects', async () => {
    expect(await collect(redactor.value(Readable.from([{ key: secret }, 'clean'])))).toEqual([
      { key: '[secret]' },
      'clean',
    ]);
    const bytes = new PassThrough();
    bytes.write('x sk-live-');
    bytes.end('0123456789abcdef y');
    expect(Buffer.concat(await collect<Buffer>(redactor.value(bytes))).toString()).toBe('x [secret] y');
    const text = new PassThrough().setEncoding('utf8');
    text.end(`é ${secret}`);
    expect((await collect<string>(redactor.value(text))).join('')).toBe('é [secret]');
    const failing = redactor.value(
      new Readable({
        read() {
          this.destroy(new Error(secret));
        },
      }),
    );
    await expect(collect(failing)).rejects.toThrow(/^\[secret\]$/);
  });

  it('lets write to a stream that can be written to', async () => {
    const echo = redactor.value(new PassThrough());
    echo.end(`to ${secret}`);
    expect(Buffer.concat(await collect<Buffer>(echo)).toString()).toBe('to [secret]');
  });

  it('stops reading where its reader stops', async () => {
    let closed = false;
    const source = new Readable({
      read() {
        this.push(Buffer.alloc(1000));
      },
      destroy(error, done) {
        closed = true;
        done(error);
      },
    });
    for await (const chunk of redactor.value(source)) if ((chunk as Buffer).length > 0) break;
    expect(closed).toBe(true);
  });

  it('is wrapped: a response of Node’s http, with status and headers', async () => {
    const server = createServer((_, response) =>
      response.writeHead(201, { 'x-echo': secret }).end(`{"k":"${secret}"}`),
    );
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    try {
      const { port } = server.address() as AddressInfo;
      const message = await new Promise<IncomingMessage>((done) =>
        get({ port, host: '127.0.0.1', headers: { a: secret } }, done),
      );
      const redacted = redactor.value({ message }).message;
      expect(redacted.statusCode).toBe(201);
      expect(redacted.headers['x-echo']).toBe('[secret]');
      expect(Buffer.concat(await collect<Buffer>(redacted)).toString()).toBe('{"k":"[secret]"}');
      expect(inspect(redacted, { depth: 4, showHidden: true, getters: true })).not.toContain(secret);
    } finally {
      server.close();
    }
  });
});
