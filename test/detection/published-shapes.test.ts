import { describe, expect, test } from 'vitest';
import { judgeValue, type ValueContext } from '../../src/detection/index.js';
import { canary } from '../support/canary.js';

/** A key without a published form, and some that have one; put together here so that nobody's scanner finds them. */
const KEY = canary('q7Z');
const hex = (length: number) => '9f8e7d6c5b4a39281706f5e4d3c2b1a0918273645546372819'.repeat(3).slice(0, length);
const mixed = (length: number) => 'aB3dE5fG7hI9kL1mN3pQ5rS7tU9vW1xY3zA5bC7d'.repeat(4).slice(0, length);
const GITLAB = `glpat-${mixed(20)}`;
const NOTION = `ntn_${mixed(46)}`;
const FIRECRAWL = `fc-${hex(32)}`;
const GITHUB = `ghp_${mixed(36)}`;

type Row = [what: string, value: string, context: ValueContext, key: string, found: object];

const env = (name: string): ValueContext => ({ place: 'env', name });
const header = (name: string, host?: string): ValueContext => ({ place: 'header', name, ...(host && { host }) });
const argument: ValueContext = { place: 'argument' };

const rows: Row[] = [
  [
    'a variable with a key of a known form',
    GITLAB,
    env('GITLAB_PERSONAL_ACCESS_TOKEN'),
    GITLAB,
    { provider: 'gitlab', certainty: 'shape' },
  ],
  ['a variable of the catalog', KEY, env('BRAVE_API_KEY'), KEY, { provider: 'brave-search', certainty: 'catalog' }],
  [
    'a variable of the catalog, written otherwise',
    KEY,
    { place: 'argument', name: '--brave-api-key' },
    KEY,
    { provider: 'brave-search', certainty: 'catalog' },
  ],
  [
    'a variable of the catalog with a key of the form of another',
    GITHUB,
    env('OPENAI_API_KEY'),
    GITHUB,
    { provider: 'github', certainty: 'catalog' },
  ],
  [
    'JSON in a string',
    `{"Authorization": "Bearer ${NOTION}", "Notion-Version": "2025-09-03"}`,
    env('OPENAPI_MCP_HEADERS'),
    NOTION,
    { provider: 'notion', certainty: 'catalog' },
  ],
  [
    'JSON in a string, key of no known form',
    `{"Authorization":"Bearer ${KEY}"}`,
    env('EXTRA'),
    KEY,
    { certainty: 'catalog' },
  ],
  ['the value of --api-key', KEY, { place: 'argument', name: '--api-key' }, KEY, { certainty: 'name' }],
  ['--api-key=', `--api-key=${KEY}`, argument, KEY, { certainty: 'name' }],
  ['--token=', `--token=${KEY}`, argument, KEY, { certainty: 'name' }],
  ['--<vendor>-api-key=', `--firecrawl-api-key=${KEY}`, argument, KEY, { provider: 'firecrawl', certainty: 'catalog' }],
  ['docker -e NAME=value', `NOTION_TOKEN=${NOTION}`, argument, NOTION, { provider: 'notion', certainty: 'catalog' }],
  [
    'docker -e NAME=JSON',
    `OPENAPI_MCP_HEADERS={"Authorization": "Bearer ${KEY}", "Notion-Version": "2025-09-03"}`,
    argument,
    KEY,
    { certainty: 'catalog' },
  ],
  ['a header argument with a space', `Authorization: Bearer ${KEY}`, argument, KEY, { certainty: 'catalog' }],
  ['a header argument without', `X-Api-Key:${KEY}`, argument, KEY, { certainty: 'catalog' }],
  ['a header value in a variable', `Bearer ${KEY}`, env('AUTH_HEADER'), KEY, {}],
  ...['Bearer ', 'ApiKey ', 'Basic ', 'Token ', ''].map((scheme): Row => [
    `Authorization ${scheme}`,
    scheme + KEY,
    header('Authorization'),
    KEY,
    { certainty: 'catalog' },
  ]),
  ['a header of one provider', KEY, header('X-Goog-Api-Key'), KEY, { provider: 'google-gemini', certainty: 'catalog' }],
  [
    'a shared header at a known host',
    KEY,
    header('x-api-key', 'api.anthropic.com'),
    KEY,
    { provider: 'anthropic', certainty: 'catalog' },
  ],
  ['a query parameter', `https://mcp.example.com/mcp/?exampleApiKey=${KEY}`, argument, KEY, { certainty: 'name' }],
  [
    'a query parameter api_key',
    `https://mcp.example.com/mcp?x=1&api_key=${KEY}#top`,
    argument,
    KEY,
    { certainty: 'name' },
  ],
  ['a query parameter token', `https://mcp.example.com/?token=${KEY}`, { place: 'text' }, KEY, { certainty: 'name' }],
  [
    'a query parameter of a known host',
    `https://serpapi.com/search?api_key=${KEY}`,
    argument,
    KEY,
    { provider: 'serpapi', certainty: 'catalog' },
  ],
  [
    'a path segment',
    `https://mcp.firecrawl.dev/${FIRECRAWL}/v2/mcp`,
    argument,
    FIRECRAWL,
    { provider: 'firecrawl', certainty: 'shape' },
  ],
  [
    'a path segment of no known form',
    `https://mcp.firecrawl.dev/${KEY}/v2/mcp`,
    argument,
    KEY,
    { provider: 'firecrawl', certainty: 'name' },
  ],
  [
    'a connection string',
    `postgresql://user:${KEY}@host/db`,
    argument,
    KEY,
    { rule: 'password-in-address', certainty: 'shape' },
  ],
  [
    'what the format declares',
    'correct horse battery',
    { place: 'env', name: 'ANY', declared: true },
    'correct horse battery',
    { certainty: 'declared' },
  ],
  [
    'what the format declares, after a scheme',
    `Bearer ${KEY}`,
    { ...header('X-Any'), declared: true },
    KEY,
    { certainty: 'declared' },
  ],
  [
    'the default of a reference',
    `\${GITHUB_TOKEN:-${GITHUB}}`,
    env('GITHUB_TOKEN'),
    GITHUB,
    { provider: 'github', certainty: 'catalog' },
  ],
  [
    'the default of a reference after a scheme',
    `Bearer \${TOKEN:-${GITHUB}}`,
    header('Authorization'),
    GITHUB,
    { provider: 'github' },
  ],
  ['quotes around', `"${KEY}"`, env('MY_TOKEN'), KEY, { certainty: 'name' }],
  [
    'a variable that a rule wants to see with its name',
    mixed(40),
    env('AWS_SECRET_ACCESS_KEY'),
    mixed(40),
    { rule: 'aws-secret-access-key', certainty: 'shape' },
  ],
  [
    'Stripe, alone',
    `sk_live_${mixed(24)}`,
    { place: 'text' },
    `sk_live_${mixed(24)}`,
    { provider: 'stripe', certainty: 'shape' },
  ],
  [
    'Databricks, which only the rules know',
    `dapi${hex(32)}`,
    { place: 'text' },
    `dapi${hex(32)}`,
    { rule: 'databricks-personal-access-token', certainty: 'shape' },
  ],
];

describe('published shapes', () => {
  test.each(rows)('%s: the key alone is found', async (_what, value, context, key, expected) => {
    const findings = await judgeValue(value, context);
    expect(findings.map(({ start, end }) => value.slice(start, end))).toEqual([key]);
    expect(findings[0]).toMatchObject(expected);
  });

  test('the form of a key is enough, whatever it is made of', async () => {
    for (const value of [`ghp_${'a'.repeat(36)}`, `glpat-${'a1'.repeat(10)}`, `sk_live_${'a1'.repeat(12)}`]) {
      expect(await judgeValue(value, { place: 'text' })).toMatchObject([{ start: 0, certainty: 'shape' }]);
    }
  });

  test('a JSON Web Token is one, and nobody knows whose', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const token = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: '1234567890' })}.${mixed(43)}`;
    const [finding, ...others] = await judgeValue(token, { place: 'text' });
    expect(finding).toEqual({ start: 0, end: token.length, rule: 'json-web-token', certainty: 'shape' });
    expect(others).toEqual([]);
    const [bearer] = await judgeValue(`Bearer ${token}`, header('Authorization', 'mcp.example.com'));
    expect(bearer).toEqual({ start: 7, end: 7 + token.length, certainty: 'catalog' });
  });

  test('every key of a list of headers is found', async () => {
    const other = canary('w8Y');
    const value = `Authorization:Bearer ${KEY},X-API-Key:${other}`;
    const findings = await judgeValue(value, env('API_HEADERS'));
    expect(findings.map(({ start, end }) => value.slice(start, end))).toEqual([KEY, other]);
  });

  test.each([
    ['LOG_LEVEL', 'debug'],
    ['AWS_REGION', 'eu-central-1'],
    ['APP_ID', '8f14e45f-ceea-467f-a0e6-1b0a2c3d4e5f'],
    ['ORG', 'my-organisation-2'],
    ['BASE_URL', 'https://api.example.com/v1'],
    ['MODEL', 'claude-sonnet-4-5-20250929'],
    ['GITHUB_TOKEN_FILE', '/run/secrets/github-2'],
    ['NEXT_PUBLIC_KEY', 'a1b2c3d4e5f6a7b8c9d0'],
    ['PUBLIC_KEY', 'a1b2c3d4e5f6a7b8c9d0'],
    ['MAX_TOKENS', '16384'],
    ['SESSION_TOKEN_URL', 'https://id.example.com/oauth2/token'],
    ['OPENAI_API_KEY', 'lm-studio'],
  ])('%s=%s is no key', async (name, value) => {
    expect(await judgeValue(value, env(name))).toEqual([]);
  });

  test.each(['Notion-Version', 'Accept', 'Content-Type'])('a header %s is no key', async (name) => {
    expect(await judgeValue('2025-09-03; charset=utf-8', header(name))).toEqual([]);
  });

  test('a scheme that nobody knows is something to ask about', async () => {
    expect(await judgeValue('myvault://team/github-1', env('GITHUB_TOKEN'))).toEqual([
      { start: 0, end: 23, rule: 'unknown-scheme', certainty: 'name' },
    ]);
  });
});

test('a key of letters that happens to end in a digit is one, a word with a number is none', async () => {
  const judged = async (value: string) => (await judgeValue(value, { name: 'MY_SECRET', place: 'env' })).length;
  expect(await judged('YkXDLsSvjGNIuGvKtuaWwGDnZsXNjLp7')).toBe(1);
  expect(await judged('my-secret-server-2')).toBe(0);
});
