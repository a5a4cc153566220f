import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import * as mini from 'zod/mini';
import { z as z3 } from 'zod3';
import { registerCredentialTool, toolsFrom } from '../../src/adapters/mcp-server.js';
import { createAccess } from '../../src/access/index.js';
import { createRegistry, header, parameter, Secret } from '../../src/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { sha256 } from '../access/rules.js';
import { rawConnection, registryOf, textOf, toolset } from '../mcp/toolsets.js';
import { canary } from '../support/canary.js';
import { rejects } from '../support/rejects.js';
import { connect, newServer, text, users } from './mcp-pairs.js';

const into = 'apiKey';
/** The same arguments in each way in which the SDK takes them. */
const schemas = {
  'a raw shape of zod 4': { id: z.number(), apiKey: z.string() },
  'an object of zod 4': z.object({ id: z.number(), apiKey: z.string() }),
  'a strict object': z.strictObject({ id: z.number(), apiKey: z.string() }),
  'a loose object': z.looseObject({ id: z.number(), apiKey: z.string() }),
  'an object of zod mini': mini.object({ id: mini.number(), apiKey: mini.string() }),
  'a raw shape of zod 3': { id: z3.number(), apiKey: z3.string() },
  'an object of zod 3': z3.object({ id: z3.number(), apiKey: z3.string() }),
  'a strict object of zod 3': z3.object({ id: z3.number(), apiKey: z3.string() }).strict(),
} as const;

describe('a tool of a server of one’s own', () => {
  it.each(Object.entries(schemas))('with %s is shown without the credential, and gets it', async (_name, schema) => {
    const { key, auth, events } = users();
    const server = newServer();
    const seen: unknown[] = [];
    const inputSchema = schema as z.ZodObject<{ id: z.ZodNumber; apiKey: z.ZodString }>;
    registerCredentialTool(
      server,
      'get_user',
      { title: 'User', inputSchema, annotations: { readOnlyHint: true } },
      (args) => {
        seen.push(args);
        return text(`${args.id} with ${args.apiKey}`);
      },
      { auth, into },
    );
    const { client, call, sent } = await connect(server);
    const [tool] = (await client.listTools()).tools;
    expect(tool).toMatchObject({ name: 'get_user', title: 'User', annotations: { readOnlyHint: true } });
    expect(Object.keys(tool?.inputSchema.properties ?? {})).toEqual(['id']);
    expect(tool?.inputSchema.required).toEqual(['id']);

    expect(textOf(await call('get_user', { id: 1 }))).toBe('1 with [secret]');
    expect(textOf(await call('get_user', { id: 2, apiKey: 'made up' }))).toBe('2 with [secret]');
    expect(seen).toEqual([
      { id: 1, apiKey: key },
      { id: 2, apiKey: key },
    ]);
    expect(events).toMatchObject([
      { type: 'use', surface: 'function', tool: 'get_user', provider: 'users', outcome: 'ok' },
      { outcome: 'ok' },
    ]);
    expectNoLeak([sent, events], key);
  });

  it('checks what a client sends before a credential is fetched, and names no hidden argument (F9)', async () => {
    let fetched = 0;
    const source = () => {
      fetched += 1;
      return canary();
    };
    const registry = createRegistry({ providers: [{ name: 'users', source }] });
    const server = newServer();
    const inputSchema = { id: z.number(), apiKey: z.string() };
    registerCredentialTool(server, 'get_user', { inputSchema }, () => text('called'), {
      auth: registry.auth('users'),
      into,
    });
    const { call } = await connect(server);
    const result = await call('get_user', { id: 'one' });
    expect(result.isError).toBe(true);
    expect(textOf(result)).toMatch(/expected number/i);
    expect(textOf(result)).not.toContain('apiKey');
    expect(fetched).toBe(0);
  });

  it('hands the callback what the whole original schema makes of the arguments, each transformed once', async () => {
    const { key, auth } = users();
    const server = newServer();
    const inputSchema = z
      .object({
        days: z.string().transform((value) => value.split(',')),
        unit: z.enum(['c', 'f']).default('c'),
        apiKey: z.string().transform((value) => `Bearer ${value}`),
      })
      .refine(({ apiKey }) => apiKey.startsWith('Bearer '), 'no bearer');
    const seen: unknown[] = [];
    const callback = (args: z.output<typeof inputSchema>) => {
      seen.push(args);
      return text('done');
    };
    registerCredentialTool(server, 'weather', { inputSchema }, callback, { auth, into: parameter('apiKey') });
    const { call } = await connect(server);
    expect(textOf(await call('weather', { days: 'mon,tue' }))).toBe('done');
    expect(seen).toEqual([{ days: ['mon', 'tue'], unit: 'c', apiKey: `Bearer ${key}` }]);
  });

  it('says nothing of a credential that its schema does not take (S12)', async () => {
    const { key, auth } = users();
    const server = newServer();
    const quotes = z
      .string()
      .refine((value) => value.startsWith('sk-'), { error: ({ input }) => `got ${String(input)}` });
    const shapes = { shape: { apiKey: quotes }, object: z.object({ apiKey: quotes }) };
    for (const [name, inputSchema] of Object.entries(shapes)) {
      registerCredentialTool(
        server,
        name,
        { inputSchema: inputSchema as z.ZodObject<{ apiKey: z.ZodString }> },
        () => text('called'),
        {
          auth,
          into,
          redact: false, // the message itself is without the value
        },
      );
    }
    const { call, sent } = await connect(server);
    for (const name of Object.keys(shapes)) {
      const result = await call(name);
      expect(result.isError).toBe(true);
      expect(textOf(result)).toMatch(/not what the tool's own schema asks for/);
      expect(textOf(result)).not.toContain('apiKey');
    }
    expectNoLeak(sent, key);
  });

  it('is redacted in texts, structured content, images, resources, and errors (M16, M17, M19)', async () => {
    const { key, auth } = users();
    const server = newServer();
    const inputSchema = { apiKey: z.string() };
    const image = (apiKey: string) => Buffer.from(`PNG ${apiKey} and more`).toString('base64');
    registerCredentialTool(
      server,
      'leaky',
      { inputSchema, outputSchema: { nested: z.object({ list: z.array(z.string()) }) } },
      ({ apiKey }) => ({
        content: [
          { type: 'text', text: `Basic ${Buffer.from(`user:${apiKey}`).toString('base64')}` },
          { type: 'image', data: image(apiKey), mimeType: 'image/png' },
          { type: 'resource', resource: { uri: 'file:///x', blob: image(apiKey) } },
          { type: 'resource_link', uri: `file:///${encodeURIComponent(apiKey)}`, name: 'x' },
        ],
        structuredContent: { nested: { list: ['fine', apiKey] } },
        _meta: { echo: apiKey },
      }),
      { auth, into },
    );
    registerCredentialTool(
      server,
      'fails',
      { inputSchema },
      ({ apiKey }) => {
        throw Object.assign(new Error(`refused ${apiKey}`), { config: { headers: { authorization: apiKey } } });
      },
      { auth, into },
    );
    const { call, sent } = await connect(server);
    const result = await call('leaky');
    expect(result.structuredContent).toEqual({ nested: { list: ['fine', '[secret]'] } });
    const [, picture, resource] = result.content as [unknown, { data: string }, { resource: { blob: string } }];
    for (const encoded of [picture.data, resource.resource.blob]) {
      expect(Buffer.from(encoded, 'base64').toString()).toBe('PNG [secret] and more');
    }
    const failure = await call('fails');
    expect(failure).toMatchObject({ isError: true, content: [{ text: 'refused [secret]' }] });
    expectNoLeak(sent, key);
  });

  it('sends no credential in logs, progress, or questions to user and model', async () => {
    const { key, auth } = users();
    const server = newServer();
    const asked: unknown[] = [];
    registerCredentialTool(
      server,
      'chatty',
      { inputSchema: { apiKey: z.string() } },
      async ({ apiKey }, extra) => {
        const { sendNotification, sendRequest, requestId, _meta } = extra;
        const progressToken = _meta?.progressToken ?? 0;
        await sendNotification({ method: 'notifications/message', params: { level: 'info', data: { apiKey } } });
        await sendNotification({
          method: 'notifications/progress',
          params: { progressToken, progress: 1, message: apiKey },
        });
        const requestedSchema = { type: 'object', properties: {} } as const;
        const params = { mode: 'form' as const, message: `is ${apiKey} right?`, requestedSchema };
        const answer = await sendRequest(
          { method: 'elicitation/create', params },
          z.looseObject({ action: z.string() }) as never,
        );
        asked.push(answer, requestId);
        return text('done');
      },
      { auth, into },
    );
    const { client, sent } = await connect(server);
    const { ElicitRequestSchema } = await import('@modelcontextprotocol/sdk/types.js');
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      asked.push(params.message);
      return { action: 'decline' };
    });
    const progress: unknown[] = [];
    const result = await client.callTool({ name: 'chatty' }, undefined, { onprogress: (step) => progress.push(step) });
    expect(textOf(result)).toBe('done');
    expect(progress).toMatchObject([{ progress: 1, message: '[secret]' }]);
    expect(asked).toMatchObject(['is [secret] right?', { action: 'decline' }, expect.anything()]);
    expect(JSON.stringify(sent)).toContain('notifications/message');
    expectNoLeak(sent, key);
  });

  it('fails with the reason when there is no credential, and the callback is not called', async () => {
    const registry = registryOf({ users: canary() }, { source: () => undefined });
    const server = newServer();
    let called = 0;
    const callback = () => {
      called += 1;
      return text('called');
    };
    const options = { auth: registry.auth('users'), into } as const;
    registerCredentialTool(server, 'get', { inputSchema: { apiKey: z.string() } }, callback, options);
    const { call } = await connect(server);
    const result = await call('get');
    expect(result.isError).toBe(true);
    expect(textOf(result)).toContain('users');
    expect(called).toBe(0);
  });

  it.each([
    ['is called again with the newer one', {}, 'welcome', 2],
    ['is not called again where it is annotated as not idempotent', { idempotentHint: false }, '401', 1],
  ])('whose credential was refused %s (F16)', async (_what, annotations, outcome, calls) => {
    const { key, store, auth } = users();
    const server = newServer();
    let valid = key;
    const seen: string[] = [];
    const callback = ({ apiKey }: { apiKey: string }) => {
      seen.push(apiKey);
      return apiKey === valid ? text('welcome') : { ...text('HTTP 401 Unauthorized'), isError: true };
    };
    registerCredentialTool(server, 'get', { inputSchema: { apiKey: z.string() }, annotations }, callback, {
      auth,
      into,
    });
    const { call } = await connect(server);
    expect(textOf(await call('get'))).toBe('welcome');
    valid = canary();
    await store.set('users', Secret.from(valid));
    expect(textOf(await call('get'))).toContain(outcome);
    expect(seen.slice(1)).toEqual([key, valid].slice(0, calls));
    expect(textOf(await call('get'))).toBe('welcome');
  });

  it('ends the wait for a credential when the client cancels (F11)', async () => {
    let answer: (value: undefined) => void = () => undefined;
    const never = new Promise<undefined>((resolve) => (answer = resolve));
    onTestFinished(() => answer(undefined));
    let onAsked: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => (onAsked = resolve));
    const source = () => (onAsked(), never);
    const registry = createRegistry({ providers: [{ name: 'users', source }] });
    let called = false;
    const callback = () => {
      called = true;
      return text('called');
    };
    const options = { auth: registry.auth('users'), into } as const;
    const tool = registerCredentialTool(newServer(), 'get', { inputSchema: { apiKey: z.string() } }, callback, options);
    const handler = tool.handler as unknown as (args: object, extra: object) => Promise<unknown>;
    const controller = new AbortController();
    const outcome = handler({}, { signal: controller.signal }).catch((error: unknown) => error);
    await asked;
    controller.abort(new Error('cancelled'));
    expect(await outcome).toMatchObject({ message: 'cancelled' });
    expect(called).toBe(false);
  });

  it.each([
    ['no such argument', { inputSchema: z.object({ q: z.string() }) }, into],
    ['no such property of a shape', { inputSchema: { q: z.string() } }, into],
    ['no schema', {}, into],
    ['another placement', { inputSchema: { apiKey: z.string() } }, header('x-api-key')],
    ['a position', { inputSchema: { apiKey: z.string() } }, 0],
    ['a copy in a header (M5)', { inputSchema: { apiKey: z.string().meta({ 'x-mcp-header': 'Key' }) } }, into],
    ['JSON Schema', { inputSchema: { type: 'object', properties: { apiKey: {} } } }, into],
  ])('is refused with %s (F8)', async (_why, config, place) => {
    const { auth } = users();
    const server = newServer();
    const register = registerCredentialTool as (...args: unknown[]) => unknown;
    await rejects(() => register(server, 'x', config, () => text(''), { auth, into: place }), 'ERR_PLACEMENT_INVALID');
    expect(Object.keys((server as unknown as { _registeredTools: object })._registeredTools)).toEqual([]);
  });
});

describe('for whom a tool is called', () => {
  /** Two consumers, of whom one may. */
  function guarded() {
    const [consumerKey, other] = [canary(), canary()];
    const key = canary();
    const access = createAccess({
      products: [{ name: 'all', providers: ['users'], resources: ['/**'] }],
      apps: [{ name: 'agent', keys: [{ id: 'k1', sha256: sha256(consumerKey), products: [{ name: 'all' }] }] }],
    });
    const registry = createRegistry({ providers: [{ name: 'users', source: () => key }], access });
    return { key, registry, consumerKey, other };
  }

  it('is what a function makes of the request’s own authentication', async () => {
    const { key, registry, consumerKey, other } = guarded();
    for (const [token, outcome] of [
      [consumerKey, 'called'],
      [other, 'oauth.v2.InvalidApiKey'],
      [undefined, 'oauth.v2.FailedToResolveAPIKey'],
    ] as const) {
      const server = newServer();
      registerCredentialTool(server, 'get', { inputSchema: { apiKey: z.string() } }, () => text('called'), {
        auth: ({ authInfo }) =>
          registry.auth('users', authInfo === undefined ? {} : { consumer: { consumerKey: authInfo.token } }),
        into,
      });
      const authInfo = token === undefined ? undefined : { token, clientId: 'c', scopes: [] };
      const { call, sent } = await connect(server, authInfo);
      expect(textOf(await call('get'))).toContain(outcome);
      for (const secret of [key, consumerKey, other]) expectNoLeak(sent, secret);
    }
  });

  it('is the consumer of the async context in which the request is handled (F18)', async () => {
    const { AsyncLocalStorage } = await import('node:async_hooks');
    const current = new AsyncLocalStorage<{ consumerKey: string }>();
    const { registry, consumerKey, other } = guarded();
    const server = newServer();
    const auth = registry.auth('users', { consumer: () => current.getStore() });
    const registered = registerCredentialTool(
      server,
      'get',
      { inputSchema: { apiKey: z.string() } },
      () => text('called'),
      { auth, into },
    );
    const handler = registered.handler as unknown as (args: object, extra: object) => Promise<object>;
    const outcomes = await Promise.all(
      [consumerKey, other].map((each) =>
        current.run({ consumerKey: each }, () =>
          handler({}, {}).then(textOf, (error: unknown) => (error as { code: string }).code),
        ),
      ),
    );
    expect(outcomes).toEqual(['called', 'ERR_ACCESS_DENIED']);
  });
});

describe('an update of a registered tool', () => {
  function registered() {
    const { key, auth } = users();
    const server = newServer();
    const tool = registerCredentialTool(
      server,
      'get',
      { inputSchema: { q: z.string(), apiKey: z.string() } },
      ({ q, apiKey }) => text(`${q} with ${apiKey}`),
      { auth, into },
    );
    return { key, server, tool };
  }

  it('with another schema shows it without the credential too, and the callback gets the new arguments', async () => {
    const { key, server, tool } = registered();
    tool.update({ paramsSchema: { page: z.number(), apiKey: z.string().transform((value) => value.length) } });
    tool.update({ callback: ((args: { page: number; apiKey: number }) => text(JSON.stringify(args))) as never });
    const { client, call, sent } = await connect(server);
    const [listed] = (await client.listTools()).tools;
    expect(Object.keys(listed?.inputSchema.properties ?? {})).toEqual(['page']);
    expect(JSON.parse(textOf(await call('get', { page: 3 })))).toEqual({ page: 3, apiKey: key.length });
    expectNoLeak(sent, key);
  });

  it('with another callback redacts that one too, and one with neither changes neither', async () => {
    const { key, server, tool } = registered();
    const { client, call, sent } = await connect(server);
    expect(textOf(await call('get', { q: 'x' }))).toBe('x with [secret]');
    tool.update({ callback: (({ apiKey }: { apiKey: string }) => text(`new: ${apiKey}`)) as never });
    tool.update({ name: 'renamed', description: 'other' });
    expect(textOf(await call('renamed', { q: 'x' }))).toBe('new: [secret]');
    tool.disable();
    expect((await client.listTools()).tools).toEqual([]);
    tool.enable();
    const [listed] = (await client.listTools()).tools;
    expect(listed).toMatchObject({ name: 'renamed', description: 'other' });
    expect(Object.keys(listed?.inputSchema.properties ?? {})).toEqual(['q']);
    expectNoLeak(sent, key);
  });

  it('is refused if the new schema does not declare the argument, and changes nothing', async () => {
    const { server, tool } = registered();
    const update = { paramsSchema: { page: z.number() }, callback: (() => text('other')) as never };
    await rejects(() => tool.update(update), 'ERR_PLACEMENT_INVALID');
    const { call } = await connect(server);
    expect(textOf(await call('get', { q: 'x' }))).toBe('x with [secret]');
  });
});

describe('the tools of a toolset', () => {
  it('are offered by a server of one’s own as they are, and calls go through', async () => {
    const key = canary();
    const registry = registryOf({ weather: key });
    const inject = [{ auth: registry.auth('weather'), into: parameter('api_key') }];
    const tools = toolset({ inject, connection: rawConnection() });
    const server = newServer();
    for (const { name, config, callback } of await toolsFrom(tools)) server.registerTool(name, config, callback);
    const { client, call, sent } = await connect(server);
    const [listed, original] = [(await client.listTools()).tools, await tools.listTools()];
    expect(listed.map(({ name }) => name)).toEqual(original.map(({ name }) => name));
    for (const [index, { description, inputSchema }] of original.entries()) {
      expect(listed[index]?.description).toBe(description);
      expect(listed[index]?.inputSchema).toMatchObject(inputSchema);
      expect(JSON.stringify(listed[index]?.inputSchema)).not.toContain('api_key');
    }
    const result = await call('keyed', { q: 'x' });
    expect(JSON.stringify(result)).toContain('[secret]');
    expectNoLeak([sent, listed], key);
  });
});
