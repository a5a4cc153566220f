import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readIgnored, scanBytes, scanFile, storedValues, usualFiles, walkFiles } from '../../src/scan/index.js';
import { Secret } from '../../src/secret.js';
import { canary } from '../support/canary.js';

const folder = mkdtempSync(join(tmpdir(), 'claviger-scan-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const mixed = (length: number) => 'aB3dE5fG7hI9kL1mN3pQ5rS7tU9vW1xY3zA5bC7d'.repeat(4).slice(0, length);
const GITLAB = `glpat-${mixed(20)}`;
const NOTION = `ntn_${mixed(46)}`;
const GITHUB = `ghp_${mixed(36)}`;
const plain = (text: string) => (text === '' ? Buffer.alloc(0) : Buffer.from(text));

/** What stands at the places that are told. */
async function found(name: string, text: string, options: Parameters<typeof scanBytes>[2] = {}): Promise<string[]> {
  const { keys } = await scanBytes(join(folder, name), plain(text), options);
  return keys.map(({ line, column, endColumn }) => (text.split('\n')[line - 1] ?? '').slice(column - 1, endColumn - 1));
}

describe('documents of clients', () => {
  const KEY = canary('q7Z');
  const OTHER = canary('w8Y');

  test('JSON with comments: every place of an entry, told to the character', async () => {
    const text = `{
      // "apiKey": what a comment holds is text too
      "mcpServers": {
        "a": { "command": "npx", "args": ["-y", "server", "--api-key", "${KEY}", "--token=${OTHER}"],
               "env": { "GITLAB_PERSONAL_ACCESS_TOKEN": "${GITLAB}", "LOG_LEVEL": "debug" } },
        "b": { "url": "https://mcp.example.com/mcp/?exampleApiKey=${KEY}",
               "headers": { "Authorization": "Bearer ${OTHER}", "Notion-Version": "2025-09-03" } },
        "c": { "env": { "OPENAPI_MCP_HEADERS": "{\\"Authorization\\": \\"Bearer ${NOTION}\\", \\"Notion-Version\\": \\"2025-09-03\\"}" } },
        "d": { "command": "env FIRECRAWL_API_KEY=${KEY} npx -y firecrawl-mcp" },
        "e": { "command": "cmd /c \\"set FIRECRAWL_API_KEY=${KEY} && npx -y firecrawl-mcp\\"" },
        "f": { "command": "npx", "args": ["mcp-remote", "https://x/mcp", "--header", "Authorization:\${AUTH_HEADER}"],
               "env": { "AUTH_HEADER": "Bearer ${OTHER}" } },
      },
    }`;
    const expected = [KEY, OTHER, GITLAB, KEY, OTHER, NOTION, KEY, KEY, OTHER];
    expect(await found('.mcp.json', text)).toEqual(expected);
    const { keys } = await scanBytes('.mcp.json', Buffer.from(text));
    expect(keys.filter(({ unsure }) => unsure)).toEqual([]);
  });

  test('TOML: inline tables, sub-tables, quoted names', async () => {
    const text = `[mcp_servers.gitlab]
command = "npx"
args = ["-y", "server", "--api-key", "${KEY}"]
env = { GITLAB_PERSONAL_ACCESS_TOKEN = "${GITLAB}" }
[mcp_servers."a.b".env]
FIRECRAWL_API_KEY = "${OTHER}"
[mcp_servers.remote]
url = "https://x/mcp"
bearer_token_env_var = "REMOTE_TOKEN_2"
http_headers = { "Authorization" = "Bearer ${KEY}" }
`;
    expect(await found('config.toml', text)).toEqual([KEY, GITLAB, OTHER, KEY]);
  });

  test('YAML: flow and block', async () => {
    const text = `extensions:
  notion: { type: stdio, cmd: npx, args: [-y, "@notionhq/notion-mcp-server"], envs: { NOTION_TOKEN: ${NOTION} } }
  remote:
    uri: https://x/mcp
    headers:
      Authorization: Bearer ${KEY} # from the console
    env_keys: [SOME_TOKEN_2]
`;
    expect(await found('config.yaml', text)).toEqual([NOTION, KEY]);
  });

  test.each([
    ['server.json', '{"environmentVariables":[{"name":"X","isSecret":true,"value":"blue horse"}]}'],
    ['manifest.json', '{"user_config":{"x":{"type":"string","sensitive":true,"default":"blue horse"}}}'],
    ['mcp.json', '{"servers":{},"inputs":[{"id":"x","password":true,"default":"blue horse"}]}'],
  ])('%s: what is declared a secret is one', async (name, text) => {
    expect(await found(name, text)).toEqual(['blue horse']);
  });

  test('L14: one that is not well-formed is read as text, and that is said', async () => {
    const text = `{"mcpServers": {"a": {"env": {"GITHUB_TOKEN": "${GITHUB}"}`;
    const { keys, notes } = await scanBytes('x.json', Buffer.from(text), { format: 'jsonc' });
    expect(keys.map(({ provider }) => provider)).toEqual(['github']);
    expect(notes.join()).toMatch(/^not valid JSON at line 1, column \d+: read as plain text$/);
  });
});

describe('text', () => {
  const KEY = canary('q7Z');

  test.each([
    ['.env', `# comment\nAPI_TOKEN=${KEY}\nEMPTY_KEY=\nexport OTHER_KEY="\${API_TOKEN}"\n`],
    ['.zshrc', `export OPENAI_API_KEY='${KEY}'\nalias x="y"`],
    ['config.fish', `set -gx OPENAI_API_KEY ${KEY}\n`],
    ['profile.ps1', `$env:OPENAI_API_KEY = "${KEY}"\r\n`],
    ['deploy.sh', `curl -H "Authorization: Bearer ${KEY}" https://x/\n`],
    ['run.sh', `server --api-key ${KEY} --verbose\n`],
    ['app.py', `client = Client(api_key="${KEY}")\n`],
    ['values.yaml', `db:\n  password: ${KEY}\n`],
    ['settings.properties', `spring.datasource.password=${KEY}\n`],
    ['README.md', `postgresql://user:${KEY}@db.internal/app\n`],
  ])('%s', async (name, text) => {
    expect(await found(name, text)).toEqual([KEY]);
  });

  test.each([
    ['app.ts', 'const token = process.env.GITHUB_TOKEN;\nconst apiKey = getKey2(a);\npassword = this.form.password2;'],
    ['ci.yml', 'env:\n  GITHUB_TOKEN: ${{ secrets.GITHUB_TOKEN }}\n  cache-key: v1-${{ hashFiles("x") }}\n'],
    [
      'docs.md',
      'Set `API_KEY=your-api-key` or `postgres://user:password@localhost/db`; see https://x.test/?page=2&token=<token>',
    ],
    [
      'package-lock.json',
      '{"integrity":"sha512-9f8e7d6c5b4a39281706f5e4d3c2b1a0918273645546372819==","version":"1.2.3"}',
    ],
    ['style.css', '.sk-some-long-class-name-with-many-parts-and-more { color: red }'],
    ['go.sum', 'example.com/x v1.2.3 h1:aB3dE5fG7hI9kL1mN3pQ5rS7tU9vW1xY3zA5bC7d8e0='],
  ])('nothing in %s', async (name, text) => {
    expect(await found(name, text)).toEqual([]);
  });

  test('a guess by name counts where settings stand, and is unsure where code may', async () => {
    const unsure = async (name: string) =>
      (await scanBytes(name, Buffer.from(`api_secret = "${KEY}"`))).keys.map((key) => key.unsure);
    expect(await unsure('.env')).toEqual([false]);
    expect(await unsure('.bashrc')).toEqual([false]);
    expect(await unsure('app.py')).toEqual([true]);
  });

  test('a comment silences its line, or the next one', async () => {
    const text = `A_KEY=${KEY} # claviger:allow\n# claviger:allow-next-line\nB_KEY=${KEY}\nC_KEY=${KEY}\n`;
    const { keys, silenced } = await scanBytes('.env', Buffer.from(text));
    expect({ lines: keys.map(({ line }) => line), silenced }).toEqual({ lines: [4], silenced: 2 });
  });

  test('UTF-16 is read, binary is not', async () => {
    const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(`$env:MY_KEY = "${KEY}"`, 'utf16le')]);
    expect((await scanBytes('profile.ps1', utf16)).keys).toHaveLength(1);
    expect(await scanBytes('x', Buffer.from(`\0${GITHUB}`))).toMatchObject({ skipped: 'binary', keys: [] });
  });

  test('a private key is one finding', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const text = `# mine\n${privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()}`;
    const { keys } = await scanBytes('id.pem', Buffer.from(text));
    expect(keys).toMatchObject([{ line: 2, column: 1, rule: 'private-key', certainty: 'shape' }]);
  });
});

describe('stored values', () => {
  const value = canary('stored-');
  const stored = storedValues([
    { name: 'mine', secret: Secret.from(value) },
    { name: 'short', secret: Secret.from('abc') },
  ]);

  test('are found wherever they stand, with the name that they are stored under', async () => {
    const { keys } = await scanBytes('notes.txt', Buffer.from(`x\nabc ${value} and more`), { stored });
    expect(keys).toMatchObject([{ line: 2, column: 5, credential: 'mine', certainty: 'stored', unsure: false }]);
  });

  test('are found encoded too', async () => {
    const basic = Buffer.from(`user:${value}`).toString('base64');
    const { keys } = await scanBytes('notes.txt', Buffer.from(`a\nauth ${basic} x\nb`), { stored });
    expect(keys).toMatchObject([{ line: 2, credential: 'mine', rule: 'encoded', certainty: 'stored' }]);
  });

  test('are one finding with what else is seen of them', async () => {
    const github = storedValues([{ name: 'work', secret: Secret.from(GITHUB) }]);
    const { keys } = await scanBytes('.env', Buffer.from(`GITHUB_TOKEN=${GITHUB}`), { stored: github });
    expect(keys).toMatchObject([{ credential: 'work', provider: 'github', certainty: 'stored' }]);
  });
});

describe('files', () => {
  test('L17: a large file is read in pieces, up to a limit that is told; keys across two pieces are found', async () => {
    const line = `${'lorem ipsum dolor '.repeat(3)}\n`;
    const padding = line.repeat(Math.floor(1_048_550 / line.length));
    const gap = 'x'.repeat(1_048_550 - padding.length);
    const path = file('large.txt', `${padding}${gap}\n${GITHUB}\n${padding}end ${GITLAB}\n`);
    const { keys, notes } = await scanFile(path);
    const lines = padding.split('\n').length;
    expect(keys).toMatchObject([
      { line: lines + 1, column: 1, provider: 'github' },
      { line: lines + 1 + lines, provider: 'gitlab' },
    ]);
    expect(notes).toEqual([]);
    const cut = await scanFile(path, { mostBytes: 1_048_576 });
    expect(cut.notes).toEqual(['only the first 1 MiB were read']);
    expect(cut.keys.length).toBeLessThan(2);
  }, 30_000);

  test('L17: links, loops, .git and node_modules are passed over', async () => {
    file('tree/a.txt', 'a');
    file('tree/.git/config', 'x');
    file('tree/node_modules/p/index.js', 'x');
    symlinkSync('.', join(folder, 'tree', 'loop'));
    symlinkSync('/etc/passwd', join(folder, 'tree', 'z'));
    const walked = [];
    for await (const { path, skipped } of walkFiles(join(folder, 'tree')))
      walked.push([path.slice(folder.length), skipped]);
    expect(walked).toEqual([
      ['/tree/a.txt', undefined],
      ['/tree/loop', 'link'],
      ['/tree/z', 'link'],
    ]);
  });

  test('what is not a file is not waited for', async () => {
    expect(await scanFile('/dev/zero')).toMatchObject({ skipped: 'not a file' });
  });

  test('the ignore file has its say about keys and files below it, and nowhere else', async () => {
    const fingerprint = Secret.from(GITHUB).fingerprint();
    file('repo/.clavigerignore', `# looked at\n${fingerprint} # a test key\ntest/fixtures/\nold.txt\nsha256:short\n`);
    const ignored = await readIgnored(join(folder, 'repo'));
    const path = (name: string) => join(folder, 'repo', name);
    expect(ignored.key(path('x'), fingerprint)).toBe(true);
    expect(ignored.key(join(folder, 'x'), fingerprint)).toBe(false);
    expect(ignored.key(path('x'), 'sha256:short')).toBe(false);
    expect([ignored.file(path('old.txt')), ignored.file(path('older.txt'))]).toEqual([true, false]);
    expect([ignored.file(path('test/fixtures/a/b')), ignored.file(path('test/fixtures.txt'))]).toEqual([true, false]);
  });

  test('the usual files are those of clients, of the folder and of shells', () => {
    file('home/.config/fish/conf.d/keys.fish', '');
    file('project/.env.local', '');
    const files = usualFiles({ env: { HOME: join(folder, 'home') }, cwd: join(folder, 'project'), platform: 'linux' });
    const paths = files.map(({ path }) => path.slice(folder.length));
    for (const expected of [
      '/home/.claude.json',
      '/project/.mcp.json',
      '/home/.codex/config.toml',
      '/project/.env.local',
    ])
      expect(paths).toContain(expected);
    for (const expected of [
      '/home/.zshrc',
      '/home/.config/fish/conf.d/keys.fish',
      '/home/.config/powershell/profile.ps1',
    ])
      expect(paths).toContain(expected);
    expect(files.find(({ path }) => path.endsWith('/.codex/config.toml'))).toMatchObject({
      client: 'codex',
      format: 'toml',
    });
  });
});
