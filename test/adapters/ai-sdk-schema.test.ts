import { type } from 'arktype';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import * as mini from 'zod/mini';
import { z as z3 } from 'zod3';
import { isClavigerError } from '../../src/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { errorOf, json, jsonSchema, parsed, run, send, weatherTool, zod } from './sdk-tools.js';

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

describe('a tool whose own schema checks the key', () => {
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
});
