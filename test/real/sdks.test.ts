import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createRegistry, type ProviderDefinition } from '../../src/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { openBroker } from '../broker/brokers.js';
import { canary } from '../support/canary.js';
import { echo, serve } from '../support/serve.js';
import { onDemand } from './on-demand.js';

/** The official clients of eight providers. */
const folder = onDemand('sdks', {
  '@anthropic-ai/sdk': '1.14.0',
  '@mistralai/mistralai': '2.7.0',
  '@notionhq/client': '5.26.0',
  '@octokit/core': '7.0.8',
  'groq-sdk': '1.6.0',
  openai: '6.49.0',
  replicate: '1.4.0',
  stripe: '23.1.0',
});

type Call = (load: (name: string) => Promise<any>, key: string, baseUrl: string) => Promise<unknown>;

/** By the catalog's name: makes a client with a key and a base URL, and calls something. */
const calls: Record<string, Call> = {
  openai: async (load, apiKey, baseURL) =>
    new (await load('openai')).default({ apiKey, baseURL, maxRetries: 0 }).models.list(),
  anthropic: async (load, apiKey, baseUrl) => {
    const { default: Anthropic } = await load('@anthropic-ai/sdk');
    return new Anthropic({ apiKey, baseURL: baseUrl.replace(/\/v1$/, ''), maxRetries: 0 }).models.list();
  },
  groq: async (load, apiKey, baseUrl) => {
    const { default: Groq } = await load('groq-sdk');
    return new Groq({ apiKey, baseURL: baseUrl.replace(/\/openai\/v1$/, ''), maxRetries: 0 }).models.list();
  },
  mistral: async (load, apiKey, baseUrl) => {
    const { Mistral } = await load('@mistralai/mistralai');
    return new Mistral({ apiKey, serverURL: baseUrl.replace(/\/v1$/, '') }).models.list();
  },
  notion: async (load, auth, baseUrl) =>
    new (await load('@notionhq/client')).Client({ auth, baseUrl: baseUrl.replace(/\/v1$/, '') }).users.me({}),
  github: async (load, auth, baseUrl) =>
    new (await load('@octokit/core')).Octokit({ auth, baseUrl }).request('GET /user'),
  replicate: async (load, auth, baseUrl) => new (await load('replicate')).default({ auth, baseUrl }).models.list(),
  stripe: async (load, apiKey, baseUrl) => {
    const { hostname: host, port } = new URL(baseUrl);
    const { default: Stripe } = await load('stripe');
    return new Stripe(apiKey, { host, port, protocol: 'http', maxNetworkRetries: 0 }).balance.retrieve();
  },
};

async function load(name: string): Promise<unknown> {
  const resolve = createRequire(join(folder ?? '', 'package.json')).resolve;
  return import(/* @vite-ignore */ pathToFileURL(resolve(name)).href);
}

describe.skipIf(folder === undefined)('an official SDK', () => {
  it.each(Object.entries(calls))(
    'of %s takes a placeholder and a base URL, and the key arrives (P3)',
    async (name, call) => {
      const server = await serve(echo);
      const key = canary();
      const registry = createRegistry({ providers: [await provider(name, key, server.origin)] });
      const { session } = await openBroker(registry, { providers: [name] });
      const result = await call(load, session.placeholder(name), session.baseUrl(name)).catch(
        (error: unknown) => error,
      );
      expect(server.received.length).toBeGreaterThan(0);
      expect(JSON.stringify(server.received[0]?.headers)).toContain(key);
      expectNoLeak(result, key);
    },
  );
});

/** The catalog's definition, with its host replaced by one of ours. */
async function provider(name: string, key: string, origin: string): Promise<ProviderDefinition> {
  const { catalogEntry, catalogDefinition } = await import('../../src/catalog/catalog.js');
  const { baseUrl, destinations: _vendor, check: _check, ...rest } = catalogDefinition(catalogEntry(name)!);
  return {
    name,
    source: () => key,
    ...rest,
    baseUrl: origin + new URL(baseUrl).pathname.replace(/\/$/, ''),
    destinations: [`${origin}/**`],
  };
}
