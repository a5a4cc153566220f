import { describe, expect, test } from 'vitest';
import { createRegistry, parameter, withCredential, type Auth, type ProviderDefinition } from '../../src/index.js';
import { canary } from '../support/canary.js';
import { countingSource, down } from '../support/counting-source.js';
import { rejects } from '../support/rejects.js';

function authFor(source: ProviderDefinition['source']): Auth {
  return createRegistry({ providers: [{ name: 'p', ...(source && { source }) }] }).auth('p');
}

const key = canary();
const auth = authFor(() => key);
const seen = (): unknown[][] => [];

describe('a named parameter', () => {
  test('reaches the function, and the caller keeps the object it passed (F1, F5)', async () => {
    const calls = seen();
    const call = withCredential(
      (args: { q: string; apiKey: string }) => {
        calls.push([{ ...args }]);
        args.q = 'changed later';
      },
      { auth, into: 'apiKey' },
    );
    const mine = { q: 'x' };
    await call(mine);
    expect(calls).toEqual([[{ q: 'x', apiKey: key }]]);
    expect(mine).toEqual({ q: 'x' });
  });

  test('overrides what the caller sent under that name', async () => {
    const call = withCredential((args: { apiKey: string }) => args.apiKey === key, { auth, into: parameter('apiKey') });
    expect(await call({ apiKey: 'mine' } as object)).toBe(true);
  });

  test('is set on an empty object when there is no argument', async () => {
    const call = withCredential((args: { apiKey: string }) => args.apiKey === key, { auth, into: 'apiKey' });
    expect(await call()).toBe(true);
  });

  test.each([['text'], [7], [null], [[1]], [true]])('can not be set on %j', async (argument) => {
    const calls = seen();
    const call = withCredential((...args: unknown[]) => void calls.push(args), { auth, into: 'apiKey' });
    await rejects((call as (argument: unknown) => Promise<void>)(argument), 'ERR_PLACEMENT_INVALID');
    expect(calls).toEqual([]);
  });

  test.each([
    ['frozen', Object.freeze({ q: 'x' })],
    ['sealed', Object.seal({ q: 'x' })],
    ['a proxy that refuses writes', new Proxy({ q: 'x' }, { set: () => false, defineProperty: () => false })],
  ])('leaves an object alone that is %s (F4)', async (_, argument) => {
    const call = withCredential((args: { q: string; apiKey: string }) => [args.q, args.apiKey === key], {
      auth,
      into: 'apiKey',
    });
    expect(await call(argument)).toEqual(['x', true]);
    expect(argument).toEqual({ q: 'x' });
  });

  test('runs a getter of the caller once (F4)', async () => {
    let runs = 0;
    const argument = {
      get q() {
        return `run ${++runs}`;
      },
    };
    const call = withCredential(({ q }: { q: string; apiKey: string }) => q, { auth, into: 'apiKey' });
    expect(await call(argument)).toBe('run 1');
    expect(runs).toBe(1);
  });

  test('touches no prototype, whatever the names (Q4)', async () => {
    expect(() => withCredential(() => 1, { auth, into: '__proto__' })).toThrow(
      expect.objectContaining({ code: 'ERR_PLACEMENT_INVALID' }),
    );
    const call = withCredential((args: object) => Object.getPrototypeOf(args) === Object.prototype, {
      auth,
      into: 'k',
    });
    expect(await call(JSON.parse('{ "__proto__": { "polluted": true } }') as object)).toBe(true);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe('a position', () => {
  const fn = (...args: unknown[]) => args.map((argument) => (argument === key ? 'KEY' : argument));

  test.each([
    [2, ['x'], ['x', undefined, 'KEY']],
    [2, ['x', { a: 1 }], ['x', { a: 1 }, 'KEY']],
    [1, ['x', 'y', 'z'], ['x', 'KEY', 'y', 'z']],
    [0, [], ['KEY']],
  ] as const)('%i is inserted among %j, and nothing is lost (F2, F3)', async (into, args, expected) => {
    const call = withCredential(fn, { auth, into }) as (...args: unknown[]) => Promise<unknown>;
    expect(await call(...args)).toEqual(expected);
  });
});

describe('the wrapped function', () => {
  test('keeps its this and its name', async () => {
    const client = {
      base: 'https://api.example.com',
      get: withCredential(
        function get(this: { base: string }, args: { apiKey: string }) {
          return `${this.base} ${args.apiKey.length}`;
        },
        { auth, into: 'apiKey' },
      ),
    };
    expect(await client.get()).toBe(`https://api.example.com ${key.length}`);
    expect(client.get.name).toBe('get');
  });

  test('is not called when there is no credential to be had', async () => {
    const calls = seen();
    const fn = (...args: unknown[]) => void calls.push(args);
    const unavailable = withCredential(fn, { auth: authFor(down), into: 'k' });
    await rejects(unavailable(), 'ERR_STORE_UNAVAILABLE');
    const missing = withCredential(fn, { auth: authFor(() => undefined), into: 'k' });
    await rejects(missing(), 'ERR_CREDENTIAL_NOT_FOUND');
    expect(calls).toEqual([]);
  });

  test('is not called when its caller gave up while the credential was fetched (F11)', async () => {
    const calls = seen();
    let answer: (value: string) => void = () => undefined;
    const call = withCredential((...args: unknown[]) => void calls.push(args), {
      auth: authFor(() => new Promise<string>((resolve) => (answer = resolve))),
      into: 'k',
    }) as (args: { signal: AbortSignal }) => Promise<void>;
    const controller = new AbortController();
    const pending = call({ signal: controller.signal });
    controller.abort(new Error('gave up'));
    await expect(pending).rejects.toThrow('gave up');
    answer('a-secret-value');
    await new Promise(setImmediate);
    expect(calls).toEqual([]);
  });

  test('rejects where a function would have thrown', async () => {
    const call = withCredential(
      () => {
        throw new TypeError('sync');
      },
      { auth, into: 'k' },
    );
    await expect(call()).rejects.toThrow(TypeError);
  });

  test('needs options that can work', () => {
    const invalid = expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }) as Error;
    expect(() => withCredential(() => 1, { auth: {} as Auth, into: 'k' })).toThrow(invalid);
    expect(() => withCredential('no function' as never, { auth, into: 'k' })).toThrow(invalid);
    const misplaced = expect.objectContaining({ code: 'ERR_PLACEMENT_INVALID' }) as Error;
    expect(() => withCredential(() => 1, { auth, into: { in: 'env', name: 'X' } as never })).toThrow(misplaced);
    expect(() => withCredential(() => 1, { auth, into: -1 })).toThrow(misplaced);
  });
});

describe('a refused credential', () => {
  function rotating(options: { sameVersion?: boolean } = {}) {
    const source = countingSource({ secret: 'old-secret', version: '1' });
    const used: string[] = [];
    const fn = ({ apiKey }: { apiKey: string }) => {
      used.push(apiKey);
      if (options.sameVersion !== true) source.answer = { secret: 'new-secret', version: '2' };
      return { status: apiKey === 'old-secret' ? 401 : 200 };
    };
    return { source, used, fn, auth: authFor(source) };
  }

  test('is refreshed once, and the call repeated with the newer one (F16)', async () => {
    const { fn, used, auth } = rotating();
    expect(await withCredential(fn, { auth, into: 'apiKey' })()).toEqual({ status: 200 });
    expect(used).toEqual(['old-secret', 'new-secret']);
  });

  test('is passed on when the store has no newer one (F17)', async () => {
    const { fn, used, auth, source } = rotating({ sameVersion: true });
    expect(await withCredential(fn, { auth, into: 'apiKey' })()).toEqual({ status: 401 });
    expect(used).toHaveLength(1);
    expect(source.asked).toHaveLength(2);
  });

  test('twice is passed on; there is no loop (F17)', async () => {
    let version = 0;
    let calls = 0;
    const always401 = withCredential(() => ({ status: 401, call: ++calls }), {
      auth: authFor(() => ({ secret: `secret-number-${++version}`, version: String(version) })),
      into: 'k',
    });
    expect(await always401()).toEqual({ status: 401, call: 2 });
  });

  test('is refreshed but not repeated where the call may not be', async () => {
    const { fn, used, auth } = rotating();
    const once = withCredential(fn, { auth, into: 'apiKey', idempotent: false });
    expect(await once()).toEqual({ status: 401 });
    expect(await once()).toEqual({ status: 200 });
    expect(used).toEqual(['old-secret', 'new-secret']);
  });

  test.each([
    ['status', { status: 401 }],
    ['statusCode', { statusCode: 401 }],
    ['response.status', { response: { status: 401 } }],
    ['response.statusCode', { response: { statusCode: 401 } }],
  ])('is seen in %s of an error', async (_, shape) => {
    const { source, auth } = rotating();
    let calls = 0;
    const call = withCredential(
      () => {
        source.answer = { secret: 'new-secret', version: '2' };
        if (++calls === 1) throw Object.assign(new Error('unauthorised'), shape);
        return 'fine';
      },
      { auth, into: 'k' },
    );
    expect(await call()).toBe('fine');
  });

  test('can be told by the caller, who sees the outcome unredacted', async () => {
    const { source, auth } = rotating();
    const outcomes: unknown[] = [];
    const call = withCredential(
      ({ apiKey }: { apiKey: string }) => {
        source.answer = { secret: 'new-secret', version: '2' };
        return { ok: apiKey === 'new-secret', echoed: apiKey };
      },
      {
        auth,
        into: 'apiKey',
        isRejected: ({ result }) => {
          outcomes.push(result);
          return !(result as { ok: boolean }).ok;
        },
      },
    );
    expect(await call()).toEqual({ ok: true, echoed: '[secret]' });
    expect(outcomes).toEqual([{ ok: false, echoed: 'old-secret' }]);
  });

  test('stays as it is when the store fails during the refresh', async () => {
    const { source, auth } = rotating();
    const call = withCredential(
      () => {
        source.answer = down;
        return { status: 401 };
      },
      { auth, into: 'k' },
    );
    expect(await call()).toEqual({ status: 401 });
  });
});

describe('results and errors', () => {
  test('lose the secret, in every shape', async () => {
    const echo = withCredential(
      (args: { apiKey: string }) => ({ deep: [new Map([['k', args.apiKey]])], text: `<${args.apiKey}>` }),
      {
        auth,
        into: 'apiKey',
      },
    );
    expect(await echo()).toEqual({ deep: [new Map([['k', '[secret]']])], text: '<[secret]>' });
  });

  test('that hold none are the same objects', async () => {
    const result = { a: [1, { b: 'text' }] };
    const call = withCredential(() => result, { auth, into: 'k' });
    expect(await call()).toBe(result);
    const error = new Error('plain');
    const fail = withCredential(() => Promise.reject(error), { auth, into: 'k' });
    await expect(fail()).rejects.toBe(error);
  });

  test('pass as they are when redaction is off', async () => {
    const call = withCredential((args: { apiKey: string }) => args.apiKey, { auth, into: 'apiKey', redact: false });
    expect(await call()).toBe(key);
  });

  test('hide what a validation error says of the received arguments (F9, S12)', async () => {
    const { z } = await import('zod');
    const schema = z.object({ q: z.number(), apiKey: z.literal('never') });
    const call = withCredential((args: { apiKey: string }) => schema.parse(args, { reportInput: true }), {
      auth,
      into: 'apiKey',
    });
    const error = await call({ q: 'x' } as object).catch((thrown: unknown) => thrown);
    const { inspect } = await import('node:util');
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain(key);
  });
});

describe('an async generator function', () => {
  test('stays one, and its items lose the secret, also one cut in two (F15)', async () => {
    const half = Math.floor(key.length / 2);
    const stream = withCredential(
      async function* ({ apiKey }: { apiKey: string }) {
        yield 'one ';
        yield apiKey.slice(0, half);
        await Promise.resolve();
        yield `${apiKey.slice(half)} two`;
      },
      { auth, into: 'apiKey' },
    );
    let text = '';
    for await (const item of stream()) text += item;
    expect(text).toBe('one [secret] two');
  });
});

describe('concurrent calls', () => {
  test('with different accounts and registries each get their own credential (F18)', async () => {
    const { AsyncLocalStorage } = await import('node:async_hooks');
    const { setTimeout: sleep } = await import('node:timers/promises');
    const user = new AsyncLocalStorage<string>();
    const registries = ['one', 'two'].map((name) =>
      createRegistry({
        providers: [{ name: 'p', source: ({ account }) => `${name}-secret-of-${account ?? ''}` }],
        cache: { ttlMs: 1 },
      }),
    );
    const calls = registries.map((registry) =>
      withCredential(
        async ({ apiKey }: { apiKey: string }) => {
          await sleep(Math.random() * 3);
          return Buffer.from(apiKey).toString('utf8').split('').reverse().join('');
        },
        { auth: registry.auth('p', { account: () => user.getStore() }), into: 'apiKey' },
      ),
    );
    const results = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        user.run(`user${index % 7}`, async () => {
          await sleep(Math.random() * 3);
          return calls[index % 2]?.();
        }),
      ),
    );
    const expected = results.map((_, index) => `${index % 2 === 0 ? 'one' : 'two'}-secret-of-user${index % 7}`);
    expect(results.map((result) => result?.split('').reverse().join(''))).toEqual(expected);
  });
});
