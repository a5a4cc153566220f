import { describe, expect, test } from 'vitest';
import { bearer, createRegistry, env, memoryStore, query, type ProviderDefinition } from '../../src/index.js';
import { canary } from '../support/canary.js';
import { rejects } from '../support/rejects.js';

const source = () => 'some-secret-value';

function issuesOf(...providers: object[]) {
  return rejects(() => createRegistry({ providers: providers as ProviderDefinition[] }), 'ERR_CONFIG_INVALID').then(
    ({ issues }) => issues ?? [],
  );
}

describe('a provider definition', () => {
  test('with a misspelt key is refused with its path and the near name', async () => {
    const [issue] = await issuesOf({ name: 'github', source }, { name: 'gitlab', source, destinatons: [] });
    expect(issue?.path).toBe('providers[1]');
    expect(issue?.message).toContain('"destinatons"');
    expect(issue?.message).toContain('did you mean "destinations"');
  });

  test('with a misspelt key in its placement is refused', async () => {
    const [issue] = await issuesOf({ name: 'p', source, placement: [{ in: 'header', name: 'X', prefx: 'T ' }] });
    expect(issue?.path).toBe('providers[0].placement[0]');
    expect(issue?.message).toContain('did you mean "prefix"');
  });

  test.each([
    ['a name in upper case', { name: 'GitHub', source }],
    ['a name of 64 characters', { name: 'a'.repeat(64), source }],
    ['no name', { source }],
    ['a placement of a kind that does not exist', { name: 'p', source, placement: { in: 'body', name: 'x' } }],
    ['a placement that no HTTP call can carry', { name: 'p', source, placement: env('X') }],
    ['a header name with a space (Q4)', { name: 'p', source, placement: { in: 'header', name: 'X Key' } }],
    ['a header name with a line break (Q4)', { name: 'p', source, placement: { in: 'header', name: 'X\r\nY' } }],
    ['a header that routes the message', { name: 'p', source, placement: { in: 'header', name: 'Host' } }],
    ['a constant Host header', { name: 'p', source, headers: { Host: 'evil.example' } }],
    ['a constant Authorization header', { name: 'p', source, headers: { authorization: 'Bearer x' } }],
    ['a constant hop-by-hop header', { name: 'p', source, headers: { Connection: 'close' } }],
    ...['X-HTTP-Method-Override', 'x-original-url', 'X-Forwarded-Host'].map((name): [string, object] => [
      `a constant ${name}, which lets an upstream read another request (C15)`,
      { name: 'p', source, headers: { [name]: 'x' } },
    ]),
    ['a constant header with a line break', { name: 'p', source, headers: { 'X-A': 'a\r\nb: c' } }],
    ['a wildcard in the middle of a host (C11)', { name: 'p', source, destinations: ['https://api.*.com/**'] }],
    ['plain http to another machine', { name: 'p', source, destinations: ['http://api.example.com/**'] }],
    ['a base URL over plain http', { name: 'p', source, baseUrl: 'http://api.example.com' }],
    ['a base URL with a query', { name: 'p', source, baseUrl: 'https://api.example.com/?a=b' }],
    ['an unknown companion', { name: 'p', source, with: ['q'] }],
    ['itself as companion', { name: 'p', source, with: ['p'] }],
    ['a store that is not there', { name: 'p', store: 'vault' }],
    ['a store and a source', { name: 'p', source, store: memoryStore() }],
  ])('with %s is refused', async (_, definition) => {
    expect((await issuesOf(definition))[0]?.path).toMatch(/^providers\[0\]/);
  });

  test('that stands twice is refused', async () => {
    expect(await issuesOf({ name: 'p', source }, { name: 'p', source })).toEqual([
      { path: 'providers[1].name', message: 'a provider named "p" is there already' },
    ]);
  });

  test('gets all its findings in one error', async () => {
    expect(await issuesOf({ name: 'p', store: 'x', destinations: ['ftp://a', 'nonsense'], with: ['q'] })).toHaveLength(
      4,
    );
  });

  test('never shows a value of its input in the error (L6)', async () => {
    const key = canary();
    const error = await rejects(
      () =>
        createRegistry({
          providers: [{ name: 'p', apiKey: key, headers: { 'X-Key': `${key}\n` }, shape: key } as never],
        }),
      'ERR_CONFIG_INVALID',
    );
    expect(JSON.stringify(error) + error.message).not.toContain(key);
  });
});

describe('a registry', () => {
  test('names near providers when it has none of that name', async () => {
    const registry = createRegistry({
      providers: [
        { name: 'github', source },
        { name: 'stripe', source },
      ],
    });
    const error = await rejects(registry.resolve('githb'), 'ERR_PROVIDER_NOT_FOUND');
    expect(error.message).toContain('did you mean "github"');
  });

  test('tells what is defined and no value', () => {
    const registry = createRegistry({
      providers: [{ name: 'p', baseUrl: 'https://api.example.com/v1/', environmentVariable: 'P_KEY' }],
      stores: { default: memoryStore({ p: 'some-secret-value' }) },
    });
    expect(registry.providers()).toEqual([
      {
        name: 'p',
        placements: [{ in: 'header', name: 'Authorization', prefix: 'Bearer ' }],
        destinations: ['https://api.example.com/v1/**'],
        with: [],
        store: 'store "default"',
        secretName: 'p',
        baseUrl: 'https://api.example.com/v1',
        environmentVariable: 'P_KEY',
      },
    ]);
  });

  test('refuses every use after it is closed', async () => {
    const registry = createRegistry({ providers: [{ name: 'p', source }] });
    await registry.resolve('p');
    await registry.close();
    await registry.close();
    await rejects(registry.resolve('p'), 'ERR_REGISTRY_CLOSED');
  });

  test('takes the name in the store from secretName', async () => {
    const registry = createRegistry({
      providers: [{ name: 'p', secretName: 'other/name' }],
      stores: { default: memoryStore({ 'other/name': 'some-secret-value' }) },
    });
    expect((await registry.resolve('p')).secret.reveal()).toBe('some-secret-value');
  });
});

describe('resolving for a destination', () => {
  const destination = (url: string, method = 'GET') => ({ destination: { method, url } });

  test.each([
    ['outside the list', 'https://evil.example/', 'ERR_DESTINATION_DENIED'],
    ['over plain http', 'http://api.example.com/', 'ERR_DESTINATION_INSECURE'],
    ['that can be read two ways', 'https://api.example.com/v1/..%2fadmin', 'ERR_DESTINATION_AMBIGUOUS'],
  ] as const)('%s is refused before the store is asked (H1)', async (_, url, code) => {
    let asked = 0;
    const registry = createRegistry({
      providers: [{ name: 'p', source: () => `secret-value-${++asked}`, baseUrl: 'https://api.example.com/v1' }],
    });
    await rejects(registry.resolve('p', destination(url)), code);
    expect(asked).toBe(0);
  });

  test('needs a provider that says where its credential may go (H4)', async () => {
    const registry = createRegistry({ providers: [{ name: 'p', source }] });
    await rejects(registry.resolve('p', destination('https://api.example.com/')), 'ERR_DESTINATION_DENIED');
  });

  test('an empty list of destinations is nowhere, base URL or not (C27)', async () => {
    const registry = createRegistry({
      providers: [{ name: 'p', source, baseUrl: 'https://api.example.com', destinations: [] }],
    });
    await rejects(registry.resolve('p', destination('https://api.example.com/')), 'ERR_DESTINATION_DENIED');
  });

  test('honours the destinations that rest with the secret, whatever the definition says', async () => {
    const store = memoryStore();
    const { Secret } = await import('../../src/index.js');
    await store.set?.('p', Secret.from('some-secret-value'), { destinations: ['https://api.example.com/**'] });
    const registry = createRegistry({
      providers: [{ name: 'p', destinations: ['https://evil.example/**', 'https://api.example.com/**'] }],
      stores: { default: store },
    });
    await rejects(registry.resolve('p', destination('https://evil.example/')), 'ERR_DESTINATION_DENIED');
    await registry.resolve('p', destination('https://api.example.com/'));
  });
});

test('what is told of a provider can be changed without effect', () => {
  const registry = createRegistry({
    providers: [{ name: 'p', source, placement: [bearer()], with: ['q'] }, { name: 'q' }],
  });
  const before = structuredClone(registry.providers());
  const [told] = registry.providers() as unknown as { placements: unknown[]; with: string[] }[];
  told?.placements.push(query('leak'));
  told?.with.pop();
  expect(() => Object.assign(told?.placements[0] as object, { prefix: 'leak' })).toThrow(TypeError);
  expect(registry.providers()).toEqual(before);
});
