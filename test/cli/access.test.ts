import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectNoLeak } from '../../src/testing/index.js';
import { canary } from '../support/canary.js';
import { CliHome, type CliOptions, type CliResult } from '../support/cli.js';
import { echo, serve } from '../support/serve.js';

let home: CliHome;
beforeEach(() => {
  home = new CliHome();
});
afterEach(() => home[Symbol.dispose]());

const rules = {
  products: [
    { name: 'read', providers: ['api'], resources: ['/v1/**'], methods: ['GET'], scopes: ['read'] },
    { name: 'whole', providers: ['api'], resources: ['/**'], approval: 'manual' },
  ],
  developers: [{ name: 'ada' }],
  apps: [{ name: 'agent', developer: 'ada' }],
};

/** A config file with one provider, access rules in force and an audit file. */
function config(origin: string, access: object = {}): void {
  home.write(home.configFile, {
    providers: [{ name: 'api', baseUrl: origin, environmentVariable: 'API_KEY' }],
    access,
    audit: { file: 'audit.jsonl' },
  });
}

describe('access apply', () => {
  it('shows what it changes, changes it once, and takes away what the file lacks', async () => {
    config('https://api.example.com');
    const file = home.write(home.path('access.json'), `// ours\n${JSON.stringify(rules)}`);
    const dry = await home.run(['access', 'apply', file, '--dry-run']);
    expect(dry).toMatchObject({ code: 0, stderr: 'nothing was changed\n' });
    expect(dry.stdout).toBe('+ product read\n+ product whole\n+ developer ada\n+ app agent\n');
    expect((await home.run(['access', 'apply', file])).stdout).toBe(dry.stdout);
    expect(await home.run(['access', 'apply', file])).toEqual({ code: 0, stdout: '', stderr: 'nothing to change\n' });
    home.write(file, { ...rules, products: [{ ...rules.products[0], methods: ['GET', 'POST'] }] });
    expect(await home.json(['access', 'apply', file])).toEqual({
      schema: 1,
      applied: true,
      changes: [
        { change: 'change', kind: 'product', name: 'read' },
        { change: 'remove', kind: 'product', name: 'whole' },
      ],
    });
    expect((await home.json(['access', 'ls', 'products'])).products).toMatchObject([
      { name: 'read', methods: ['GET', 'POST'] },
    ]);
  });

  it('says where a file is wrong, and what nothing enforces', async () => {
    home.write(home.configFile, { providers: [] });
    const file = home.write(home.path('access.json'), { products: [{ name: 'p', provider: ['api'], resources: [] }] });
    const wrong = await home.run(['access', 'apply', file]);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('did you mean "providers"');
    home.write(file, '{ "products": [');
    expect((await home.run(['access', 'apply', file])).stderr).toContain('not valid JSON');
    home.write(file, rules);
    expect((await home.run(['access', 'apply', file])).stderr).toContain('nothing is enforced yet');
  });
});

describe('a consumer key', () => {
  it('lives from its issue to its end: issued, used, approved, audited, turned into a token, revoked', async () => {
    const server = await serve(echo);
    const key = canary();
    const results: CliResult[] = [];
    const run = async (args: string[], options?: CliOptions) => {
      const result = await home.run(args, options);
      results.push(result);
      return result;
    };
    config(server.origin, rules);
    await home.run(['set', 'api'], { input: key });

    const nobody = await run(['fetch', '/v1/a', '--as', 'api']);
    expect(nobody.code).toBe(6);
    expect(nobody.stderr).toMatch(/oauth\.v2\.FailedToResolveAPIKey\n$/);

    const { issued } = await home.json(['access', 'issue', 'agent', '--product', 'read', '--product', 'whole']);
    expect(issued).toMatchObject({ app: 'agent', pending: ['whole'] });
    const { id, consumerKey, consumerSecret } = issued;
    const file = home.path('agent.consumer');
    writeFileSync(file, consumerKey, { mode: 0o600 });
    const env = { CLAVIGER_CONSUMER_FILE: file };

    expect((await run(['fetch', '/v1/a', '--as', 'api'], { env })).code).toBe(0);
    expect((await run(['fetch', `${server.origin}/v1/b`, '--consumer-file', file])).code).toBe(0);
    expect((await run(['fetch', '/v2', '--as', 'api'], { env })).code).toBe(6);
    const child = ['run', '--env', 'api', '--', 'sh', '-c', 'test -n "$API_KEY"; echo "$?" "$CLAVIGER_CONSUMER_FILE"'];
    expect((await run(child, { env })).stderr).toContain('InvalidApiKeyForGivenResource');
    expect((await run(['access', 'approve', id, '--product', 'whole'])).code).toBe(0);
    expect((await run(child, { env })).stdout).toBe('0 \n');

    const token = await home.run(['access', 'token', '--ttl', '60'], { input: `${consumerKey}\n${consumerSecret}\n` });
    expect(token.stdout).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const tokenFile = home.path('agent.token');
    writeFileSync(tokenFile, token.stdout, { mode: 0o600 });
    expect((await run(['fetch', '/v1/c', '--as', 'api', '--consumer-file', tokenFile])).code).toBe(0);

    const verify = ['access', 'verify', '--provider', 'api', '--method', 'GET', '--path', '/v1/x'];
    expect((await run(verify, { input: consumerKey })).stdout).toBe(`granted to agent by read (${id})\n`);
    expect((await home.json(verify, { input: token.stdout })).verification).toMatchObject({ ok: true, keyId: id });

    expect((await run(['access', 'revoke', id])).code).toBe(0);
    expect((await run(['fetch', '/v1/a', '--as', 'api', '--consumer-file', tokenFile])).stderr).toMatch(
      /oauth\.v2\.ApiKeyNotApproved\n$/,
    );
    const refused = await run(verify, { input: consumerKey });
    expect([refused.code, refused.stdout]).toEqual([
      6,
      'refused: the consumer key is not approved: oauth.v2.ApiKeyNotApproved\n',
    ]);
    expect((await run(['access', 'ls'])).stdout).toContain('oauth.v2.ApiKeyNotApproved');
    expect((await run(['access', 'show', id])).stdout).toContain('revoked');

    const { events } = await home.json(['audit', '--app', 'agent']);
    expect(
      events.map((event: any) => `${event.type} ${event.path ?? event.surface} ${event.fault ?? event.outcome}`),
    ).toEqual([
      'use /v1/a ok',
      'use /v1/b ok',
      'refuse /v2 oauth.v2.InvalidApiKeyForGivenResource',
      'refuse process oauth.v2.InvalidApiKeyForGivenResource',
      'use process ok',
      'use /v1/c ok',
      'refuse /v1/a oauth.v2.ApiKeyNotApproved',
    ]);
    const shown = await run(['audit', '--provider', 'api', '--refused']);
    expect(shown.stdout.split('\n').filter((line) => line.includes('FailedToResolveAPIKey'))).toHaveLength(1);
    expect(statSync(join(home.path('config', 'claviger'), 'audit.jsonl')).mode & 0o777).toBe(0o600);

    writeFileSync(file, '');
    writeFileSync(tokenFile, '');
    for (const value of [consumerKey, consumerSecret, token.stdout.trim(), key]) {
      expectNoLeak([results, { file: home.directory }], value);
    }
  }, 60_000);

  it('goes into a new private file, and is not shown then; an existing one is left alone and the key revoked', async () => {
    config('https://api.example.com', rules);
    const { code, stdout } = await home.run([
      'access',
      'issue',
      'agent',
      '--product',
      'read',
      '--out',
      'agent.consumer',
    ]);
    expect(code).toBe(0);
    const file = join(home.work, 'agent.consumer');
    const key = readFileSync(file, 'utf8').trim();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(stdout).not.toContain(key);
    const again = await home.run(['access', 'issue', 'agent', '--product', 'read', '--out', 'agent.consumer']);
    expect(again.code).toBe(1);
    expect(readFileSync(file, 'utf8').trim()).toBe(key);
    const { keys } = await home.json(['access', 'ls', 'keys']);
    expect(keys.map(({ status }: any) => status).sort()).toEqual(['approved', 'revoked']);
  });

  it('is never taken from the arguments, and an unknown name is told with near ones', async () => {
    config('https://api.example.com', rules);
    const value = `clvk_${canary('')}0123456789`;
    const results = await Promise.all([
      home.run(['access', 'verify', '--provider', 'api', value]),
      home.run(['access', 'verify', '--provider', 'api', '--key', value]),
      home.run(['access', 'revoke', value]),
      home.run(['access', 'show', value]),
      home.run(['access', 'revoke', '--app', 'agnet']),
      home.run(['access', 'issue', 'agent', '--product', 'raed']),
      home.run(['access', 'verify', '--provider', 'api']),
      home.run(['access', 'revoke']),
    ]);
    expect(results.map(({ code }) => code)).toEqual([2, 2, 3, 3, 3, 1, 2, 2]);
    expect(results[4]?.stderr).toContain('did you mean "agent"');
    expect(results[5]?.stderr).toContain('did you mean "read"');
    expectNoLeak(results, value);
  });
});

describe('audit', () => {
  it('says how to have one, is empty before the first use, and follows what comes', async () => {
    home.write(home.configFile, { providers: [] });
    expect((await home.run(['audit'])).stderr).toContain('"audit"');
    config('https://api.example.com', rules);
    expect((await home.json(['audit'])).events).toEqual([]);
    const seen: string[] = [];
    const followed = home.run(['audit', '--follow', '--json'], {
      onOutput: (text, child) => {
        seen.push(text);
        child.kill('SIGTERM');
      },
    });
    await home.run(['fetch', '/v1/a', '--as', 'api']);
    await followed;
    expect(JSON.parse(seen.join(''))).toMatchObject({ type: 'refuse', provider: 'api', path: '/v1/a' });
  });
});
