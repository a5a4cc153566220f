import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdir, open, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Secret } from '../../src/secret.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { newDirectory } from '../stores/new-directory.js';

const secret = 'sk-Zq7"Lé&wX+/9 mN<3>\\t';
const utf8 = Buffer.from(secret);

/** What it says of a leak; undefined where there is none. */
function leakIn(haystack: unknown, value: string | Secret = secret): string | undefined {
  try {
    expectNoLeak(haystack, value);
    return undefined;
  } catch (error) {
    expect(error).toMatchObject({ name: 'AssertionError' });
    const { message } = error as Error;
    expect(message).not.toContain(typeof value === 'string' ? value : value.reveal());
    return message;
  }
}

describe('expectNoLeak on text', () => {
  const everyByte = (spell: (byte: number) => string) => Array.from(utf8, spell).join('');
  test.each([
    ['as it is', secret],
    ['JSON-escaped', JSON.stringify(secret)],
    ['JSON-escaped twice', JSON.stringify(JSON.stringify({ secret }))],
    ['JSON-escaped in ASCII', JSON.stringify(secret).replaceAll('é', '\\u00E9').replaceAll('/', '\\/')],
    ['percent-encoded', encodeURIComponent(secret)],
    [
      'percent-encoded in lower case',
      encodeURIComponent(secret).replace(/%[0-9A-F]{2}/g, (triplet) => triplet.toLowerCase()),
    ],
    ['percent-encoded whole', everyByte((byte) => `%${byte.toString(16).padStart(2, '0')}`)],
    ['form-encoded', new URLSearchParams({ secret }).toString()],
    ['HTML-escaped', html(secret)],
    ['HTML-escaped in decimal', Array.from(secret, (c) => `&#${String(c.codePointAt(0))};`).join('')],
    ['HTML-escaped in hex', Array.from(secret, (c) => `&#x${(c.codePointAt(0) ?? 0).toString(16)};`).join('')],
    ['hex', utf8.toString('hex')],
    ['hex in upper case', utf8.toString('hex').toUpperCase()],
    ['Basic', `Basic ${Buffer.from(`user:${secret}`).toString('base64')}`],
    ['Basic, as the user name', `Basic ${Buffer.from(`${secret}:`).toString('base64')}`],
    [
      'base64 in lines',
      Buffer.from(`${'x'.repeat(50)}${secret}`)
        .toString('base64')
        .replace(/.{20}/g, '$&\r\n'),
    ],
    ['base64 in lines in JSON', JSON.stringify(Buffer.from(secret).toString('base64').replace(/.{10}/g, '$&\n'))],
  ])('finds it %s', (_, text) => {
    expect(leakIn(`before ${text} after`)).toMatch(/^the secret leaks \(.+\) in it$/);
  });

  test('finds base64 and base64url wherever in a text it begins', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 7 }), fc.uint8Array({ maxLength: 7 }), (before, after) => {
        const bytes = Buffer.concat([before, utf8, after]);
        expect(leakIn(bytes.toString('base64'))).toMatch(/base64 at offset/);
        expect(leakIn(bytes.toString('base64url'))).toMatch(/base64/);
      }),
    );
  });

  test('finds any secret in any of the forms', () => {
    const forms: ((value: string) => string)[] = [
      (value) => JSON.stringify({ a: `x${value}` }),
      (value) => encodeURIComponent(value),
      (value) => new URLSearchParams({ a: value }).toString(),
      (value) => Buffer.from(`x${value}`).toString('hex'),
      (value) => Buffer.from(`x${value}y`).toString('base64url'),
    ];
    const anySecret = fc.string({ unit: 'grapheme', minLength: 8 });
    fc.assert(
      fc.property(anySecret, fc.constantFrom(...forms), (value, form) => {
        expect(leakIn(form(value), value)).toBeDefined();
      }),
    );
  });

  test('finds nothing in text that only resembles it', () => {
    for (const text of [
      '',
      secret.slice(0, -1),
      secret.slice(1),
      secret.toUpperCase(),
      '[secret]',
      'x'.repeat(10_000),
    ]) {
      expect(leakIn([text, Buffer.from(text)])).toBeUndefined();
    }
    expect(leakIn(Secret.from(secret))).toBeUndefined();
  });

  test('refuses an empty secret, which stands everywhere', () => {
    expect(() => expectNoLeak('x', '')).toThrow(TypeError);
  });
});

describe('expectNoLeak on values', () => {
  class Holder {
    readonly #value = secret;
    get held(): string {
      return this.#value;
    }
    get [Symbol('held')](): string {
      return 'nothing';
    }
  }
  const hidden = Object.defineProperty({}, 'hidden', { value: secret, enumerable: false });
  const cyclic: Record<string, unknown> = { a: { b: [1, { c: secret }] } };
  cyclic['self'] = cyclic;
  test.each<[string, unknown, string]>([
    ['a property, however deep, in a cycle', cyclic, 'it.a.b[1].c'],
    ['the name of a property', { [`x-${secret}`]: 1 }, 'the name of a property of it'],
    ['a property that is not enumerable', hidden, 'it.hidden'],
    ['a symbol property', { [Symbol('s')]: secret }, 'it[Symbol(s)]'],
    ['a getter', Object.defineProperty({}, 'g', { get: () => secret }), 'it.g'],
    ['a getter of a class', new Holder(), 'it.held'],
    [
      'what a getter throws',
      Object.defineProperty({}, 'g', {
        get: () => {
          throw new Error(secret);
        },
      }),
      'it.g.',
    ],
    ['toJSON', { toJSON: () => ({ x: secret }) }, 'it.toJSON().x'],
    ['toString', { toString: () => secret }, 'it.toString()'],
    ['a Map value', new Map([['a', secret]]), 'entry 0 of it'],
    ['a Map key', new Map([[{ secret }, 'a']]), 'key 0 of it.secret'],
    ['a Set', new Set(['a', [secret]]), 'entry 1 of it[0]'],
    ['an error', new Error(`no: ${secret}`), 'it.'],
    ['a cause', new Error('x', { cause: new Error('y', { cause: { secret } }) }), 'it.cause.cause.secret'],
    ['an aggregate', new AggregateError([new Error(secret)]), 'it.errors[0].'],
    ['headers', new Headers({ 'x-key': encodeURIComponent(secret) }), 'it'],
    ['a URL', new URL(`https://example.com/?key=${encodeURIComponent(secret)}`), 'it.'],
    ['a function', Object.assign(() => 1, { secret }), 'it.secret'],
    ['a settled promise', Promise.resolve(secret), 'it, inspected'],
    ['a Buffer', { b: Buffer.from(`x${secret}`) }, 'it.b'],
    ['UTF-16 bytes', Buffer.from(`x${secret}`, 'utf16le'), 'UTF-16'],
    ['Latin-1 bytes', Buffer.from(secret, 'latin1'), 'Latin-1'],
    ['a typed array, at an odd offset', new Uint8Array(Buffer.from(`xyz${secret}`).buffer).subarray(0), 'it'],
    ['an ArrayBuffer', new Uint8Array(utf8).buffer, 'it'],
    ['a DataView', new DataView(new Uint8Array(utf8).buffer), 'it'],
  ])('finds it in %s', (_, value, where) => {
    expect(leakIn(value)).toContain(where);
  });

  test('finds a secret that is a number, and takes it as a Secret too', () => {
    expect(leakIn({ pin: 1234567890 }, '1234567890')).toContain('it.pin');
    expect(leakIn({ a: secret }, Secret.from(secret))).toContain('it.a');
  });

  test('asks the getters of a class of its instances only, as zod keeps what they gave', () => {
    const schema = z.object({ a: z.string() });
    expectNoLeak([schema, Object.getPrototypeOf(schema), schema.constructor], secret);
    expect(Object.keys(z.object({ a: z.string() }).clone(schema._zod.def).shape)).toEqual(['a']);
    expect(leakIn(Object.assign(class {}, { secret }))).toContain('it.secret');
  });

  test('passes over hostile and clean values without harm', () => {
    const hostile = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
        get: () => {
          throw new Error('no');
        },
      },
    );
    let deep: unknown[] = [];
    for (let depth = 0; depth < 20_000; depth++) deep = [deep];
    expect(
      leakIn({ hostile, deep, none: null, missing: undefined, big: 10n, date: new Date(), re: /x/ }),
    ).toBeUndefined();
  });

  test('does not consume iterators', () => {
    const iterator = (function* () {
      yield 1;
    })();
    expect(leakIn({ iterator })).toBeUndefined();
    expect([...iterator]).toEqual([1]);
  });
});

describe('expectNoLeak outside the process', () => {
  test('searches a file, and a directory with all that is in it', async () => {
    const directory = await newDirectory();
    await mkdir(join(directory, 'a', 'b'), { recursive: true });
    await writeFile(join(directory, 'a', 'clean'), 'nothing');
    expect(leakIn({ file: directory })).toBeUndefined();
    await writeFile(join(directory, 'a', 'b', 'log'), `\xff\x00${utf8.toString('base64')}`, 'latin1');
    expect(leakIn([{ file: join(directory, 'a', 'clean') }, { file: directory }])).toContain(join('a', 'b', 'log'));
    expect(() => expectNoLeak({ file: join(directory, 'none') }, secret)).toThrow(/ENOENT/);
  });

  test('searches a file that is open, or named by a URL or a path, where its reader stays', async () => {
    const directory = await newDirectory();
    const [clean, dirty] = [join(directory, 'clean'), join(directory, 'dirty')];
    await writeFile(clean, 'nothing');
    await writeFile(dirty, `a${secret}`);
    const { href } = pathToFileURL(dirty);
    for (const named of [new URL(href), { path: dirty }, [1, new URL(href)]]) expect(leakIn(named)).toContain('dirty');
    for (const named of [pathToFileURL(clean), { path: clean }, { path: '/v1/users' }]) {
      expect(leakIn(named)).toBeUndefined();
    }
    for (const path of [clean, dirty]) {
      const leak = path === dirty ? expect.stringContaining('the open file it.deep') : undefined;
      const stream = createReadStream(path);
      await once(stream, 'open');
      const handle = await open(path);
      expect([leakIn({ deep: handle }), leakIn({ deep: stream })]).toEqual([leak, leak]);
      expect((await handle.readFile()).length).toBeGreaterThan(1);
      await handle.close();
      expect(() => expectNoLeak({ handle }, secret)).toThrow(TypeError);
      stream.destroy();
      expect(leakIn({ deep: createReadStream(path).destroy() })).toEqual(leak);
    }
  });

  test('says so where it can not search, after all else was searched', () => {
    for (const blob of [new Blob([secret]), new File([secret], 'x'), new Blob(['clean'])]) {
      expect(() => expectNoLeak({ a: [blob] }, secret)).toThrow(/^the (Blob|File) it\.a\[0\] can't be searched/);
      expect(leakIn([blob, { secret }])).toContain('it[1].secret');
    }
    expect(leakIn(new File([], `${secret}.txt`))).toBeDefined();
    expect(leakIn(new Blob([]))).toBeUndefined();
  });

  test('searches names of files and targets of links', async () => {
    const [named, linked] = [await newDirectory(), await newDirectory()];
    await writeFile(join(named, `${utf8.toString('hex')}.txt`), '');
    expect(leakIn({ file: named })).toContain('the name of a file');
    await symlink(`/nowhere/${utf8.toString('hex')}`, join(linked, 'link'));
    expect(leakIn({ file: linked })).toContain('the target of the link');
  });

  test.runIf(process.platform === 'linux')('searches environment and command line of a process', async () => {
    const run = async (args: string[], env: Record<string, string>) => {
      const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1e6)', '--', ...args], {
        env,
        stdio: 'pipe',
      });
      await once(child.stdout, 'data');
      const leak = leakIn({ pid: child.pid });
      child.kill('SIGKILL');
      await once(child, 'close');
      return leak;
    };
    expect(await run(['x'], { A: 'b' })).toBeUndefined();
    expect(await run([`--key=${secret}`], {})).toContain('cmdline');
    expect(await run([], { KEY: encodeURIComponent(secret) })).toContain('environ');
    expect(() => expectNoLeak({ pid: 2 ** 30 }, secret)).toThrow(/ENOENT/);
  });
});

function html(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (mark) => names[mark] ?? mark);
}
