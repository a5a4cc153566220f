import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'jsonc-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/index.js';
import { root } from '../support/built.js';
import { CliHome } from '../support/cli.js';

let home: CliHome;
let schema: Record<string, unknown>;
let isValid: (config: unknown) => boolean;
beforeAll(async () => {
  home = new CliHome();
  schema = JSON.parse((await home.run(['config', 'schema'])).stdout);
  const validate = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false }).compile(schema);
  isValid = (config) => validate(config);
});
afterAll(() => home[Symbol.dispose]());

/** What the loader itself says of a config. */
async function loads(config: object): Promise<boolean> {
  try {
    await loadConfig({ configFile: home.path('c.json'), text: JSON.stringify(config) });
    return true;
  } catch {
    return false;
  }
}

const github = { name: 'github', uses: 'github' };
const weather = { name: 'weather', baseUrl: 'https://api.weather.test' };

describe('the schema of the config file', () => {
  it('is what is shipped, for a project to point at', () => {
    expect(JSON.parse(readFileSync(new URL('dist/config-schema.json', root), 'utf8'))).toEqual(schema);
  });

  it.each<[string, object]>([
    ['nothing', { providers: [] }],
    ['a schema of its own', { $schema: './claviger.config.schema.json', providers: [] }],
    ['an entry of the catalog', { providers: [github] }],
    [
      'a provider with everything',
      {
        providers: [
          {
            ...weather,
            secretName: 'w',
            store: 'default',
            placement: [
              { in: 'header', name: 'X-Key', prefix: 'Token ' },
              { in: 'query', name: 'key' },
            ],
            alternatives: [
              { in: 'cookie', name: 'session' },
              { in: 'basic', secretAs: 'username' },
            ],
            destinations: ['GET https://api.weather.test/v1/**'],
            headers: { 'X-Version': '2' },
            environmentVariable: 'WEATHER_KEY',
            shape: { prefix: 'w_', length: 30 },
            check: { path: '/me' },
            allowShortSecret: true,
          },
        ],
        audit: { file: 'audit.jsonl' },
        cache: { ttlMs: 1000 },
      },
    ],
    ['no cache', { providers: [], cache: false }],
    [
      'stores of every kind',
      {
        providers: [],
        stores: {
          a: { kind: 'file', path: 'x.claviger' },
          b: { kind: 'env', prefix: 'APP_' },
          c: { kind: 'command', preset: 'gh' },
          d: { kind: 'vault', address: 'https://vault.test', tokenFile: 't' },
          e: { kind: 'keychain' },
          f: { kind: 'directory', path: '/run/secrets' },
          g: { kind: 'chain', stores: ['a', 'b'] },
        },
      },
    ],
    [
      'access rules',
      {
        providers: [weather],
        access: {
          products: [{ name: 'p', providers: ['weather'], resources: ['/**'], methods: ['GET'] }],
          apps: [{ name: 'a' }],
        },
      },
    ],
  ])('takes %s, as the loader does', async (_, config) => {
    expect(await loads(config)).toBe(true);
    expect(isValid(config)).toBe(true);
  });

  it.each<[string, object]>([
    ['no list of providers', {}],
    ['an unknown key', { providers: [], storse: {} }],
    ['an unknown key of a provider', { providers: [{ ...weather, secret: 'x' }] }],
    ['a name with capitals', { providers: [{ ...weather, name: 'Weather' }] }],
    ['a source, which only code can give', { providers: [{ ...weather, source: 'x' }] }],
    ['a placement that no HTTP call has', { providers: [{ ...weather, placement: { in: 'env', name: 'X' } }] }],
    ['a placement of no kind', { providers: [{ ...weather, placement: 'bearer' }] }],
    ['an empty list of placements', { providers: [{ ...weather, placement: [] }] }],
    ['a store without a kind', { providers: [], stores: { a: { path: 'x' } } }],
    ['a store of no kind that there is', { providers: [], stores: { a: { kind: 'floppy' } } }],
    ['an option of another kind of store', { providers: [], stores: { a: { kind: 'env', path: 'x' } } }],
    ['an inline secret for a store', { providers: [], stores: { a: { kind: 'file', passphrase: 'x' } } }],
    ['a command and a preset', { providers: [], stores: { a: { kind: 'command', command: 'x', preset: 'gh' } } }],
    ['a vault without an address', { providers: [], stores: { a: { kind: 'vault' } } }],
    ['a variable that can not be one', { providers: [{ ...weather, environmentVariable: 'A-B' }] }],
    ['a cache that is switched on', { providers: [], cache: true }],
    ['a negative lifetime', { providers: [], cache: { ttlMs: -1 } }],
    [
      'a quota of no unit',
      {
        providers: [],
        access: {
          products: [{ name: 'p', providers: [], resources: [], quota: { limit: 1, interval: 1, unit: 'year' } }],
        },
      },
    ],
  ])('refuses %s, as the loader does', async (_, config) => {
    expect(await loads(config)).toBe(false);
    expect(isValid(config)).toBe(false);
  });

  it('takes every config file of the README and the examples', () => {
    const texts = [...configsOf(readFileSync(new URL('README.md', root), 'utf8'), '```json'), ...exampleConfigs()];
    expect(texts.length).toBeGreaterThan(0);
    for (const text of texts) expect([text, isValid(parse(text))]).toEqual([text, true]);
  });

  it('describes each member of a file and of a provider, for who has never seen one', () => {
    const { properties } = schema as any;
    for (const [name, member] of Object.entries<any>({ ...properties, ...properties.providers.items.properties })) {
      expect([name, member.description]).toEqual([name, expect.any(String)]);
    }
  });
});

describe('init', () => {
  it('puts the schema beside a new config file, which points at it', async () => {
    await home.run(['init']);
    const config = parse(home.config());
    expect(config.$schema).toBe('./claviger.config.schema.json');
    expect(isValid(config)).toBe(true);
    const written = readFileSync(join(home.configFile, '..', config.$schema), 'utf8');
    expect(JSON.parse(written)).toEqual(schema);
  });

  it('leaves a config file that is there as it is', async () => {
    const other = home.write(home.path('other', 'c.json'), '{ "providers": [] }');
    await home.run(['init', '--config', other]);
    expect(readFileSync(other, 'utf8')).toBe('{ "providers": [] }');
    expect(readdirSync(home.path('other'))).toEqual(['c.json']);
  });
});

/** The fenced blocks of a document that hold a config file. */
function configsOf(document: string, fence: string): string[] {
  return document
    .split(fence)
    .slice(1)
    .map((rest) => rest.split('```')[0] ?? '')
    .filter((text) => text.includes('"providers": ['));
}

/** Config files of the examples, whole files and those that a script writes. */
function exampleConfigs(): string[] {
  const folder = new URL('examples/', root);
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('claviger.config.json') && !name.includes('node_modules'))
    .map((name) => readFileSync(new URL(name, folder), 'utf8'));
}
