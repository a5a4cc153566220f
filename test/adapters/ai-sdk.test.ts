import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { toolsFrom, withCredentialTool } from '../../src/adapters/ai-sdk.js';
import { apiKeyAuth, createRegistry, header } from '../../src/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { rig } from '../support/serve.js';
import { scriptedToolset } from './scripted-toolset.js';
import { errorOf, parsed, run, schemaMark, send, weatherTool, zod } from './sdk-tools.js';

describe('a tool with a credential', () => {
  it('is like the tool that it is made of, which stays as it was', async () => {
    const mark = Symbol('mark');
    const own = Object.defineProperty(
      { ...weatherTool().own, title: 'Weather', [mark]: 1, inputExamples: [{ input: { city: 'Ulm', apiKey: 'x' } }] },
      'hidden',
      { value: 2 },
    );
    const before = Object.getOwnPropertyDescriptors(own);
    const { registry } = rig({});
    const tool: any = withCredentialTool(own, { auth: registry.auth('api'), into: 'apiKey' });
    expect(tool).toMatchObject({ title: 'Weather', description: 'The weather', [mark]: 1, hidden: 2 });
    expect(tool.inputExamples).toEqual([{ input: { city: 'Ulm' } }]);
    await send(tool, { city: 'Ulm' });
    expect(Object.getOwnPropertyDescriptors(own)).toEqual(before);
  });

  it('gets the key, and the options that the SDK gives', async () => {
    const { tool, key, execute, events } = weatherTool();
    const options = { toolCallId: 'c1', messages: [], abortSignal: new AbortController().signal, context: { user: 1 } };
    const input = Object.freeze(await parsed(tool.inputSchema, { city: 'Ulm' }));
    expect(await run(tool, input, options)).toEqual([{ echo: { city: 'Ulm', limit: 5, apiKey: '[secret]' } }]);
    expect(execute.mock.calls).toEqual([[{ city: 'Ulm', limit: 5, apiKey: key }, options]]);
    expect(execute.mock.calls[0]?.[1]).toBe(options);
    expect(input).toEqual({ city: 'Ulm', limit: 5 });
    expectNoLeak([input, options, events, tool], key);
  });

  it('still gives its preliminary results, without the key, and for whom it was called', async () => {
    const whose = new AsyncLocalStorage<string>();
    const registry = createRegistry({
      providers: [{ name: 'api', source: ({ account }) => `key-of-${account}-0123456789` }],
    });
    const auth = apiKeyAuth({ providerName: 'api', registry, account: () => whose.getStore() });
    async function* execute({ apiKey }: { city: string; apiKey: string }, _options: object) {
      yield apiKey.slice(0, 9);
      yield apiKey.slice(9);
      yield `all: ${apiKey}`;
    }
    const tool = withCredentialTool({ inputSchema: zod, execute }, { auth, into: 'apiKey', redact: false });
    const input = await parsed(tool.inputSchema, { city: 'Ulm' });
    const results = whose.run('ada', () => tool.execute(input, {}));
    const seen = await whose.run('eve', () => collect(results));
    expect(seen.at(-1)).toBe('all: key-of-ada-0123456789');

    const redacting = withCredentialTool({ inputSchema: zod, execute }, { auth, into: 'apiKey' });
    const outputs = await whose.run('ada', () => run(redacting, input));
    expect(outputs.length).toBeGreaterThan(1);
    expect(outputs.at(-1)).toBe('all: [secret]');
    expectNoLeak(outputs.join(''), 'key-of-ada-0123456789');
  });

  it('that gives another async iterable gives its last result', async () => {
    const { tool, execute } = weatherTool();
    execute.mockImplementation(async ({ apiKey }) =>
      (async function* () {
        yield 1;
        yield apiKey;
      })(),
    );
    expect(await send(tool, { city: 'Ulm' })).toEqual(['[secret]']);
  });

  it('loses the key from its errors, and keeps them', async () => {
    const { tool, execute, key } = weatherTool();
    execute.mockImplementation(({ apiKey }) =>
      Promise.reject(Object.assign(new RangeError(`no: ${apiKey}`), { sent: { apiKey } })),
    );
    const error = await errorOf(() => send(tool, { city: 'Ulm' }));
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ message: 'no: [secret]', sent: { apiKey: '[secret]' } });
    expectNoLeak(error, key);
  });

  const rotating = () => {
    let version = 0;
    return { source: () => ({ secret: `the-key-number-${++version}`, version: String(version) }) };
  };
  it.each([
    [{}, { status: 401 }, ['the-key-number-1', 'the-key-number-2']],
    [{}, { status: 403 }, ['the-key-number-1']],
    [
      { isRejected: ({ error }: any) => error.status === 403 },
      { status: 403 },
      ['the-key-number-1', 'the-key-number-2'],
    ],
    [{ idempotent: false }, { status: 401 }, ['the-key-number-1']],
  ])('refreshes a refused key once, with %j after %j', async (options, failure, used) => {
    const { tool, execute } = weatherTool(zod, options, rotating());
    execute.mockImplementation(() => Promise.reject(Object.assign(new Error('no'), failure)));
    expect(await errorOf(() => send(tool, { city: 'Ulm' }))).toMatchObject(failure);
    expect(execute.mock.calls.map(([{ apiKey }]) => apiKey)).toEqual(used);
  });

  it('is not called once the signal has aborted while the key was fetched (F11)', async () => {
    const abort = new AbortController();
    const { tool, execute } = weatherTool(
      zod,
      {},
      {
        source: () => {
          abort.abort(new Error('enough'));
          return 'a-key-0123456789';
        },
      },
    );
    expect(await errorOf(() => send(tool, { city: 'Ulm' }, { abortSignal: abort.signal }))).toMatchObject({
      message: 'enough',
    });
    expect(execute).not.toHaveBeenCalled();
  });

  it('is not called without a key', async () => {
    const { tool, execute } = weatherTool(zod, {}, { source: () => undefined });
    expect(await errorOf(() => send(tool, { city: 'Ulm' }))).toMatchObject({ code: 'ERR_CREDENTIAL_NOT_FOUND' });
    expect(execute).not.toHaveBeenCalled();
  });

  it.each<[string, (auth: any) => unknown, string]>([
    [
      'a tool that is executed elsewhere',
      (auth) => withCredentialTool({ inputSchema: zod } as any, { auth, into: 'apiKey' }),
      'ERR_CONFIG_INVALID',
    ],
    [
      'a parameter that the schema lacks (F8)',
      (auth) => weatherTool(zod, { auth, into: 'api_key' }),
      'ERR_PLACEMENT_INVALID',
    ],
    ['a position', (auth) => weatherTool(zod, { auth, into: 0 as any }), 'ERR_PLACEMENT_INVALID'],
    ['a header', (auth) => weatherTool(zod, { auth, into: header('x-api-key') as any }), 'ERR_PLACEMENT_INVALID'],
    ['an auth of somebody else', () => weatherTool(zod, { auth: { key: 'x' } as any }), 'ERR_CONFIG_INVALID'],
    ['no schema', (auth) => weatherTool('none', { auth }), 'ERR_PLACEMENT_INVALID'],
  ])('refuses %s at once', async (_, act, code) => {
    expect(await errorOf(() => act(rig({}).registry.auth('api')))).toMatchObject({ code });
  });
});

describe('the tools of a toolset', () => {
  it('are dynamic tools of the SDK', async () => {
    const { toolset, calls } = scriptedToolset();
    const tools = await toolsFrom(toolset);
    expect(Object.keys(tools)).toEqual(['text', 'picture', 'fails']);
    expect(tools['text']).toMatchObject({ type: 'dynamic', description: 'Gives a text' });
    expect(tools['text']?.inputSchema[schemaMark]).toBe(true);
    const { signal } = new AbortController();
    const output = await tools['text']?.execute({ q: 'x' }, { abortSignal: signal });
    expect(calls).toEqual([['text', { q: 'x' }, { signal }]]);
    expect(tools['text']?.toModelOutput({ output })).toEqual({ type: 'text', value: 'one\ntwo' });
    const picture = await tools['picture']?.execute({}, {});
    expect(tools['picture']?.toModelOutput({ output: picture })).toEqual({
      type: 'content',
      value: [
        { type: 'text', text: 'see' },
        { type: 'file-data', data: 'AAAA', mediaType: 'image/png' },
      ],
    });
    await expect(tools['fails']?.execute({}, {})).rejects.toThrow('it broke');
  });
});

async function collect(results: AsyncIterable<unknown>): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const item of results) items.push(item);
  return items;
}
