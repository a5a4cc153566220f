import { AsyncLocalStorage } from 'node:async_hooks';
import { type } from 'arktype';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import * as mini from 'zod/mini';
import { z as z3 } from 'zod3';
import { toolsFrom, withCredentialTool, type CredentialToolOptions } from '../../src/adapters/ai-sdk.js';
import { apiKeyAuth, createRegistry, header, isClavigerError } from '../../src/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { rig } from '../support/serve.js';
import { scriptedToolset } from './scripted-toolset.js';

const schemaMark = Symbol.for('vercel.ai.schema');

/** What the SDK's `jsonSchema()` gives. */
function jsonSchema(schema: unknown, validate?: (value: any) => unknown) {
  return { [schemaMark]: true, _type: undefined, jsonSchema: schema, validate };
}

/** Parses what a model sent as the SDK does. */
async function parsed(schema: any, sent: unknown): Promise<any> {
  if (typeof schema === 'function' && !('~standard' in schema)) return parsed(schema(), sent);
  const value: unknown = JSON.parse(JSON.stringify(sent));
  if (schema[schemaMark] === true) {
    const result = (await schema.validate?.(value)) ?? { success: true, value };
    if (result.success !== true) throw result.error;
    return result.value;
  }
  if ('safeParseAsync' in schema) return schema.parseAsync(value);
  const { issues, value: output } = await schema['~standard'].validate(value);
  if (issues) throw new Error(issues.map(({ message }: Error) => message).join());
  return output;
}

interface SdkTool {
  inputSchema: unknown;
  execute?: (input: any, options: any) => unknown;
}

/** Runs a tool as the SDK does, with a parsed input: an iterable is told from a promise at once. */
async function run(tool: SdkTool, input: unknown, options: object = {}): Promise<unknown[]> {
  const result = tool.execute?.(input, options) as AsyncIterable<unknown> | Promise<unknown>;
  const outputs: unknown[] = [];
  if (Symbol.asyncIterator in result) for await (const output of result) outputs.push(output);
  else outputs.push(await result);
  return outputs;
}

const send = async (tool: SdkTool, sent: unknown, options?: object) =>
  run(tool, await parsed(tool.inputSchema, sent), options);

/** What a thing throws or rejects with. */
const errorOf = async (act: () => unknown): Promise<any> => {
  try {
    await act();
  } catch (error) {
    return error;
  }
  return undefined;
};

const zod = z.object({ city: z.string(), limit: z.number().default(5), apiKey: z.string().min(8) });
const json = {
  type: 'object',
  properties: { city: { type: 'string' }, limit: { type: 'number' }, apiKey: { type: 'string' } },
  required: ['city', 'apiKey'],
};

/** A tool that keeps what it got, and one like it with its key from a provider. */
function weatherTool(inputSchema: unknown = zod, more: Partial<CredentialToolOptions> = {}, definition: object = {}) {
  const { key, registry, events, asked } = rig(definition);
  const got: any[] = [];
  const execute = vi.fn(async (input: any, _options: any): Promise<unknown> => {
    got.push(input);
    return { echo: input };
  });
  const own = { description: 'The weather', inputSchema, execute };
  const tool = withCredentialTool(own, { auth: registry.auth('api'), into: 'apiKey', ...more }) as SdkTool;
  return { key, registry, events, asked, own, tool, got, execute };
}

describe('the schema of a tool with a credential', () => {
  it.each<[string, () => any, (schema: any) => string[]]>([
    ['zod', () => zod, (schema) => Object.keys(schema.shape)],
    ['zod mini', () => mini.object({ city: mini.string(), apiKey: mini.string() }), ({ shape }) => Object.keys(shape)],
    ['zod 3', () => z3.object({ city: z3.string(), apiKey: z3.string() }), ({ shape }) => Object.keys(shape)],
    ['ArkType', () => type({ city: 'string', apiKey: 'string' }), (schema) => standardProperties(schema)],
    ['JSON Schema', () => jsonSchema(json), ({ jsonSchema }) => Object.keys(jsonSchema.properties)],
    ['a lazy one', () => () => jsonSchema(json), (schema) => Object.keys(schema().jsonSchema.properties)],
  ])('lacks the parameter, and the original has it: %s', async (_, make, propertiesOf) => {
    const { tool, own, got, key } = weatherTool(make());
    expect(propertiesOf(own.inputSchema)).toContain('apiKey');
    expect(propertiesOf(tool.inputSchema)).not.toContain('apiKey');
    expect(propertiesOf(tool.inputSchema)).toContain('city');
    await send(tool, { city: 'Ulm', apiKey: 'made up by the model' });
    expect(got).toEqual([expect.objectContaining({ city: 'Ulm', apiKey: key })]);
  });

  it('may come later', async () => {
    const { tool, got, key } = weatherTool(jsonSchema(Promise.resolve(json)));
    expect(Object.keys((await (tool.inputSchema as any).jsonSchema).properties)).toEqual(['city', 'limit']);
    await send(tool, { city: 'Ulm' });
    expect(got).toEqual([{ city: 'Ulm', apiKey: key }]);
    const wrong = weatherTool(jsonSchema(Promise.resolve({ type: 'object', properties: { city: {} } })));
    expect(await errorOf(() => (wrong.tool.inputSchema as any).jsonSchema)).toMatchObject({
      code: 'ERR_PLACEMENT_INVALID',
    });
  });

  it('keeps what is said of it, and what else it takes', () => {
    const { tool } = weatherTool(zod.meta({ title: 'Weather', description: 'Where' }));
    expect(z.toJSONSchema(tool.inputSchema as any)).toMatchObject({
      title: 'Weather',
      description: 'Where',
      required: ['city', 'limit'],
    });
  });

  const standardProperties = (schema: any): string[] =>
    Object.keys(schema['~standard'].jsonSchema.input({ target: 'draft-07' }).properties);
});

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

  it('applies defaults and transforms of its schema once, whatever became of the input on its way', async () => {
    const transforming = z.object({ city: z.string().transform((city) => `${city}!`), apiKey: z.string().min(8) });
    const { tool, got, key } = weatherTool(transforming);
    const input = await parsed(tool.inputSchema, { city: 'Ulm' });
    await run(tool, input);
    await run(tool, structuredClone(input)); // as after an approval
    await run(tool, { ...input, city: 'Bonn!' }); // as an application refines it
    input.city = 'Jena!';
    await run(tool, input);
    expect(got.map(({ city }) => city)).toEqual(['Ulm!', 'Ulm!', 'Bonn!', 'Jena!']);
    expect(got.every(({ apiKey }) => apiKey === key)).toBe(true);

    const measured = z.object({ city: z.string().transform((city) => city.length), apiKey: z.string() });
    const counting = weatherTool(measured);
    await run(counting.tool, structuredClone(await parsed(counting.tool.inputSchema, { city: 'Ulm' })));
    expect(counting.got).toEqual([{ city: 3, apiKey: counting.key }]);
  });

  it('may make something of its own of the key', async () => {
    const schema = z
      .object({ city: z.string(), apiKey: z.string() })
      .transform(({ city, apiKey }) => ({ city, headers: { authorization: apiKey } }));
    const { tool, got, key } = weatherTool(schema);
    await send(tool, { city: 'Ulm' });
    expect(got).toEqual([{ city: 'Ulm', headers: { authorization: key } }]);
  });

  it.each([
    ['by itself', z.object({ city: z.string(), apiKey: z.string().startsWith('sk-') })],
    [
      'together with others',
      z.object({ city: z.string(), apiKey: z.string() }).refine(({ city, apiKey }) => apiKey.includes(city)),
    ],
    [
      "in the SDK's own schema",
      jsonSchema(json, (value) => ({
        success: value.apiKey?.startsWith('sk-') === true,
        value,
        error: new Error('apiKey!'),
      })),
    ],
  ])('is not called with a key that its own schema refuses %s', async (_, schema) => {
    const { tool, got, key } = weatherTool(schema);
    const input = await parsed(tool.inputSchema, { city: 'Ulm' });
    const errors = [await errorOf(() => run(tool, input)), await errorOf(() => run(tool, { ...input }))];
    for (const error of errors) expect(error).toBeInstanceOf(Error);
    expect(got).toEqual([]);
    expectNoLeak(errors, key);
  });

  it('says nothing of the parameter to the model, and no value (F9, S12)', async () => {
    const { tool, key } = weatherTool(z.object({ city: z.string(), apiKey: z.string().startsWith('sk-') }));
    const error = await errorOf(() => send(tool, { city: 'Ulm' }));
    expect(isClavigerError(error) && error.code).toBe('ERR_PLACEMENT_INVALID');
    expect(String(error)).not.toContain('apiKey');
    const wrong = await errorOf(() => send(tool, { city: 1, apiKey: 2 }));
    expect(String(wrong)).toContain('city');
    expect(String(wrong)).not.toContain('apiKey');
    expectNoLeak([error, wrong], key);
  });

  it('takes the issues of a schema that the SDK made of zod', async () => {
    const validate = async (value: unknown) => {
      const result = await zod.safeParseAsync(value);
      return result.success
        ? { success: true, value: result.data }
        : { success: false, error: new Error('no', { cause: result.error }) };
    };
    const { tool, got, key } = weatherTool(jsonSchema(json, validate));
    await send(tool, { city: 'Ulm', apiKey: 'made up' });
    expect(got).toEqual([{ city: 'Ulm', limit: 5, apiKey: key }]);
    const wrong = await errorOf(() => send(tool, { city: 1 }));
    expect(String(wrong)).toMatch(/city/);
    expect(String(wrong)).not.toContain('apiKey');
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
    const seen = await whose.run('eve', () => Array.fromAsync?.(results) ?? collect(results));
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
    expect((tools['text']?.inputSchema as any)[schemaMark]).toBe(true);
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
