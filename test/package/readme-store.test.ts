import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { describe, test } from 'vitest';
import type { Store } from '../../src/index.js';
import type * as Testing from '../../src/testing/index.js';
import { root } from '../support/built.js';

const { testStore } = (await import(new URL('dist/testing/index.js', root).href)) as typeof Testing;

/** The store of the README's guide, as it is written there. */
async function serviceStore(endpoint: string): Promise<Store> {
  const readme = readFileSync(new URL('README.md', root), 'utf8');
  const [, code = ''] = /^```ts\n((?:(?!^```).)*?export function serviceStore.*?)^```/ms.exec(readme) ?? [];
  const target = ts.ScriptTarget.ES2022;
  const { outputText } = ts.transpileModule(code, { compilerOptions: { module: ts.ModuleKind.ESNext, target } });
  const script = outputText.replace("from 'claviger'", `from ${JSON.stringify(new URL('dist/index.js', root).href)}`);
  const directory = mkdtempSync(join(tmpdir(), 'claviger-readme-'));
  const file = join(directory, 'service-store.mjs');
  writeFileSync(file, script);
  const made = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  rmSync(directory, { recursive: true });
  return (made['serviceStore'] as (endpoint: string) => Store)(endpoint);
}

describe('the guide in the README', () => {
  testStore(
    'the store that it shows',
    async () => {
      const kept = new Map<string, string>();
      const server = createServer(({ url = '' }, response) => {
        const name = decodeURIComponent(url.slice('/secrets/'.length));
        const value = kept.get(name);
        if (url !== '/secrets' && value === undefined) response.statusCode = 404;
        response.end(JSON.stringify(url === '/secrets' ? [...kept.keys()] : { value, version: '1' }));
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const store = await serviceStore(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      return { store, seed: (name, value) => void kept.set(name, value), cleanup: () => void server.close() };
    },
    { describe, test, readOnly: true },
  );
});
