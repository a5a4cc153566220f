import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Injection } from '../../src/mcp/index.js';
import { createRegistry, header, query, type Placement } from '../../src/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { toolset } from '../mcp/toolsets.js';
import { canary } from '../support/canary.js';
import { fakeApi } from './fake-api.js';
import { realServers } from './servers.js';
import { onTestFinished } from 'vitest';

/** Where each of them puts its key on a request. */
const placements: Record<string, Placement> = {
  '@ivotoby/openapi-mcp-server': header('X-API-Key'),
  '@elastic/mcp-server-elasticsearch': header('Authorization', { prefix: 'ApiKey ' }),
  '@mapbox/mcp-server': query('access_token'),
  '@launchdarkly/mcp-server': header('Authorization'),
};

let worlds = 0;
const tried = new Set<string>();

for (const server of realServers) {
  const { name, into, tool, args, body, headers, keyOf, isMissing, connection } = server;
  const packageName = name.split(',')[0] ?? '';
  if (into.in === 'parameter' || tried.has(packageName)) continue; // a parameter takes the value itself
  tried.add(packageName);

  describe.skipIf(isMissing || process.platform !== 'linux')(name, () => {
    it('calls its API with the key by a base URL, and holds a placeholder', async () => {
      const key = canary();
      const provider = `brokered-${++worlds}`;
      const api = await fakeApi((request) => ({ body, headers: { ...headers, 'x-sent': String(keyOf(request)) } }));
      const shape = packageName.startsWith('@mapbox')
        ? { shape: { prefix: 'sk.', suffix: '.0000000000', length: 64 } }
        : {};
      const placement = placements[packageName];
      const registry = createRegistry({
        providers: [
          {
            name: provider,
            source: () => key,
            baseUrl: api.url,
            ...shape,
            ...(placement === undefined ? {} : { placement }),
          },
        ],
      });
      onTestFinished(() => registry.close());
      const { args: given = [], env: variables = {}, command } = connection('{base}');
      const inject: Injection[] = [
        { auth: registry.auth(provider), into, via: 'reverse', baseUrl: baseUrlOf(given, variables) },
      ];
      const tools = toolset({
        inject,
        connection: {
          command,
          args: given.filter((each, index) => each !== '{base}' && given[index + 1] !== '{base}'),
          env: Object.fromEntries(Object.entries(variables).filter(([, value]) => !value.startsWith('{base}'))),
        },
      });
      const result = await tools.callTool(tool, args);
      expect(result.isError ?? false).toBe(false);
      expect(api.requests.map(keyOf)).toEqual([key]);
      const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim().split(' ');
      const seen = children.flatMap((pid) => [read(`/proc/${pid}/environ`), read(`/proc/${pid}/cmdline`)]);
      expect(seen.join()).toContain('127.0.0.1');
      expectNoLeak([result, seen], key);
    });
  });
}

/** Where a server is told its base URL: by the variable or the argument that the value direct calls have is in. */
function baseUrlOf(args: readonly string[], env: Readonly<Record<string, string>>): NonNullable<Injection['baseUrl']> {
  const [variable] = Object.entries(env).filter(([, value]) => value.startsWith('{base}'));
  if (variable !== undefined) {
    const path = variable[1].slice('{base}'.length);
    return { env: variable[0], ...(path === '' ? {} : { path }) };
  }
  const flag = args[args.indexOf('{base}') - 1] ?? '';
  return { argument: `${flag}={}` };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
