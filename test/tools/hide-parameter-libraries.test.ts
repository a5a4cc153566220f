import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import * as mini from 'zod/mini';
import { z as z3 } from 'zod3';
import { isClavigerError } from '../../src/errors.js';
import { hideParameter } from '../../src/tools/hide-parameter.js';
import type { JsonSchemaConverter, StandardSchema } from '../../src/tools/standard-schema.js';

const name = 'apiKey';
const jsonSchemaOf = (schema: object): unknown =>
  (schema as StandardSchema)['~standard'].jsonSchema?.input({ target: 'draft-2020-12' });
const validate = async (schema: object, value: unknown): Promise<unknown> =>
  (schema as StandardSchema)['~standard'].validate(value);

function refusal(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    if (isClavigerError(error) && error.code === 'ERR_PLACEMENT_INVALID') return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a parameter of a zod object', () => {
  const shape = { q: z.string(), apiKey: z.string() };

  it('leaves a zod object, and the original stays as it was', () => {
    const original = z.object(shape);
    const hidden = hideParameter(original, name);
    expect(hidden).toBeInstanceOf(z.ZodObject);
    expect(hidden.parse({ q: 'x', apiKey: 'from the model' })).toEqual({ q: 'x' });
    expect(Object.keys(original.shape)).toEqual(['q', 'apiKey']);
    expect(original.safeParse({ q: 'x' }).success).toBe(false);
    expect(JSON.stringify(z.toJSONSchema(hidden))).not.toContain(name);
    expect(hidden.extend({ more: z.number() }).parse({ q: 'x', more: 1 })).toEqual({ q: 'x', more: 1 });
  });

  it('leaves what the object does with unknown properties', () => {
    const extra = { q: 'x', other: 1 };
    expect(hideParameter(z.strictObject(shape), name).safeParse(extra).success).toBe(false);
    expect(hideParameter(z.looseObject(shape), name).parse(extra)).toEqual(extra);
    expect(hideParameter(z.object(shape).catchall(z.number()), name).parse(extra)).toEqual(extra);
    expect(hideParameter(z.object(shape).catchall(z.string()), name).safeParse(extra).success).toBe(false);
  });

  it('leaves defaults, transforms and deeper properties at work', () => {
    const schema = z.object({
      ...shape,
      page: z.coerce.number().default(1),
      auth: z.object({ apiKey: z.string() }).optional(),
    });
    const hidden = hideParameter(schema, name);
    expect(hidden.parse({ q: 'x' })).toEqual({ q: 'x', page: 1 });
    expect(hidden.parse({ q: 'x', page: '2', auth: { apiKey: 'deep' } })).toEqual({
      q: 'x',
      page: 2,
      auth: { apiKey: 'deep' },
    });
  });

  it('leaves description and examples without it', () => {
    const schema = z.object(shape).meta({ id: 'SearchArgs', title: 'Search', examples: [{ q: 'x', apiKey: 'sk-1' }] });
    const hidden = hideParameter(schema, name);
    expect(hidden.meta()).toEqual({ title: 'Search', examples: [{ q: 'x' }] });
    expect(hideParameter(z.object(shape).describe('searches'), name).description).toBe('searches');
  });

  it('keeps refinements, which zod itself refuses to omit from', () => {
    const hidden = hideParameter(
      z.object(shape).refine(({ q }) => q !== 'bad', { path: ['q'], error: 'bad q' }),
      name,
    );
    expect(hidden.safeParse({ q: 'good' }).success).toBe(true);
    expect(hidden.safeParse({ q: 'bad' }).error?.issues).toMatchObject([{ path: ['q'], message: 'bad q' }]);
  });

  it('does not ask refinements about what is not there', async () => {
    const schema = z
      .object(shape)
      .refine((value) => value.apiKey.startsWith('sk-'))
      .refine((value) => 'apiKey' in value && value.q !== value.apiKey)
      .superRefine(({ q }, context) => {
        if (q === 'bad') context.addIssue({ code: 'custom', path: ['q'], message: 'bad q' });
        context.addIssue({ code: 'custom', path: ['apiKey'], message: 'no key' });
      })
      .superRefine((value, context) => {
        if (value.q === 'worse') context.addIssue('worse q');
        if (value.apiKey === 'sk-demo') context.addIssue('demo');
        context.addIssue('never');
      });
    const hidden = hideParameter(schema, name);
    expect(hidden.safeParse({ q: 'good' })).toEqual({ success: true, data: { q: 'good' } });
    expect(hidden.safeParse({ q: 'bad' }).error?.issues.map(({ message }) => message)).toEqual(['bad q']);
    expect(hidden.safeParse({ q: 'worse' }).error?.issues.map(({ message }) => message)).toEqual(['worse q']);

    const asynchronous = hideParameter(
      z.object(shape).refine(async (value) => {
        await Promise.resolve();
        return value.q === 'good' || value.apiKey.length > 3;
      }),
      name,
    );
    expect(await asynchronous.safeParseAsync({ q: 'good' })).toMatchObject({ success: true });
    expect(await asynchronous.safeParseAsync({ q: 'other' })).toEqual({ success: true, data: { q: 'other' } });
  });

  it('lets a refinement fail and overwrite as before', () => {
    const failing = hideParameter(
      z.object(shape).refine(() => {
        throw new RangeError('broken');
      }),
      name,
    );
    expect(() => failing.safeParse({ q: 'x' })).toThrow(RangeError);
    const schema = z.object(shape).overwrite((value) => ({ ...value, q: value.q.toUpperCase() }));
    expect(hideParameter(schema, name).parse({ q: 'x' })).toEqual({ q: 'X' });
    const looser = z.looseObject(shape).overwrite((value) => ({ ...value, q: value.q.toUpperCase() }));
    expect(hideParameter(looser, name).parse({ q: 'x', apiKey: 'given' })).toEqual({ q: 'X' });
    const same = z.object(shape).overwrite((value) => value);
    expect(hideParameter(same, name).parse({ q: 'x' })).toEqual({ q: 'x' });
  });

  it.each<[string, z.ZodType]>([
    ['optional', z.object(shape).optional()],
    ['readonly', z.object(shape).readonly()],
    ['default', z.object(shape).default({ q: 'x', apiKey: 'sk-default' })],
    ['transform', z.object(shape).transform(({ q }) => ({ q }))],
    ['preprocess', z.preprocess((value) => value, z.object(shape))],
    ['pipe', z.object(shape).pipe(z.object({ ...shape, apiKey: z.string().min(3) }))],
    ['lazy', z.lazy(() => z.object(shape))],
    [
      'intersection',
      z.intersection(z.object(shape), z.object({ apiKey: z.string().min(3), page: z.number().optional() })),
    ],
    ['union', z.union([z.object({ id: z.string() }), z.object(shape)])],
    [
      'discriminated union',
      z.discriminatedUnion('q', [z.object({ q: z.literal('x'), apiKey: z.string() }), z.object({ q: z.literal('y') })]),
    ],
  ])('leaves an object within: %s', async (_, schema) => {
    const hidden = hideParameter(schema, name);
    expect(hidden['~standard'].vendor).toBe('zod');
    expect(await validate(hidden, { q: 'x' })).toEqual({ value: { q: 'x' } });
    expect(JSON.stringify(jsonSchemaOf(hidden))).not.toContain(name);
    expect((await validate(schema, { q: 'x' })) as object).toHaveProperty('issues');
  });

  it('leaves schemas that refer to themselves', async () => {
    const Tree = z.object({
      q: z.string(),
      apiKey: z.string(),
      get children() {
        return z.array(Tree);
      },
    });
    const hidden = hideParameter(Tree, name);
    const value = { q: 'x', children: [{ q: 'y', apiKey: 'deep', children: [] }] };
    expect(hidden.parse(value)).toEqual(value);
    const endless: z.ZodType = z.lazy(() => z.union([z.object(shape), endless]));
    expect(await validate(hideParameter(endless, name), { q: 'x' })).toEqual({ value: { q: 'x' } });
  });

  it('is refused where it tells the members of a union apart', () => {
    const schema = z.discriminatedUnion('apiKey', [
      z.object({ apiKey: z.literal('a') }),
      z.object({ apiKey: z.literal('b') }),
    ]);
    expect(refusal(() => hideParameter(schema, name))).toContain('apart');
  });

  it('leaves zod/mini objects', () => {
    const schema = mini.object({ q: mini.string(), apiKey: mini.string() }).check(mini.refine(({ q }) => q !== 'bad'));
    const hidden = hideParameter(schema, name);
    expect(hidden.parse({ q: 'x' })).toEqual({ q: 'x' });
    expect(hidden.safeParse({ q: 'bad' }).success).toBe(false);
    expect(hidden).toBeInstanceOf(mini.ZodMiniObject);
  });

  it('leaves zod 3 objects, and is refused in other zod 3 types, which have no JSON Schema', () => {
    const schema = z3.object({ q: z3.string(), apiKey: z3.string() }).strict();
    const hidden = hideParameter(schema, name);
    expect(hidden).toBeInstanceOf(z3.ZodObject);
    const zodObject = hidden as unknown as typeof schema;
    expect(zodObject.parse({ q: 'x' })).toEqual({ q: 'x' });
    expect(zodObject.safeParse({ q: 'x', apiKey: 'given' }).success).toBe(false);
    expect(
      refusal(() =>
        hideParameter(
          schema.refine(() => true),
          name,
        ),
      ),
    ).toContain('no JSON Schema');
    expect(refusal(() => hideParameter(z3.object({ q: z3.string() }), name))).toContain('"q"');
  });
});

describe('a parameter of an ArkType object', () => {
  it('leaves an ArkType object', () => {
    const hidden = hideParameter(type({ '+': 'reject', q: 'string', 'page?': 'number', apiKey: 'string' }), name);
    expect(hidden['~standard'].vendor).toBe('arktype');
    expect(hidden.allows({ q: 'x' })).toBe(true);
    expect(hidden.allows({ q: 'x', apiKey: 'given' })).toBe(false);
    expect(JSON.stringify(hidden.toJsonSchema())).not.toContain(name);
  });

  it('leaves each branch of a union that has it', () => {
    const hidden = hideParameter(type({ q: 'string', apiKey: 'string' }).or({ id: 'number' }), name);
    expect([{ q: 'x' }, { id: 1 }, {}].map((value) => hidden.allows(value))).toEqual([true, true, false]);
  });

  it('leaves a morph as a Standard Schema, and is refused where there is none', async () => {
    const hidden = hideParameter(
      type({ q: 'string', 'apiKey?': 'string' }).pipe((value) => ({ ...value, length: value.q.length })),
      name,
    );
    expect(hidden['~standard'].vendor).toBe('claviger');
    expect(await validate(hidden, { q: 'x', apiKey: 'given' })).toEqual({ value: { q: 'x', length: 1 } });
    expect(JSON.stringify(jsonSchemaOf(hidden))).not.toContain(name);
    for (const schema of [type({ q: 'string' }), type('string'), type('Record<string, string>')]) {
      expect(refusal(() => hideParameter(schema, name))).toContain('"apiKey"');
    }
  });
});

describe('a parameter of another Standard Schema', () => {
  const converter = (schema: Record<string, unknown>): JsonSchemaConverter => ({
    input: () => schema,
    output: () => schema,
  });
  const json = {
    type: 'object',
    properties: { q: { type: 'string' }, apiKey: { type: 'string' } },
    required: ['q', 'apiKey'],
  };
  function withJsonSchema<S extends StandardSchema>(schema: S, jsonSchema = converter(json)): S {
    return { ...schema, '~standard': { ...schema['~standard'], jsonSchema } };
  }

  it('leaves a Standard Schema of ours with its JSON Schema', async () => {
    const original = withJsonSchema(v.object({ q: v.string(), apiKey: v.string() }));
    const hidden = hideParameter(original, name);
    expect(hidden['~standard']).toMatchObject({ version: 1, vendor: 'claviger' });
    for (const direction of ['input', 'output'] as const) {
      expect(hidden['~standard'].jsonSchema?.[direction]({ target: 'draft-2020-12' })).toEqual({
        type: 'object',
        properties: { q: { type: 'string' } },
        required: ['q'],
      });
    }
    expect(await validate(hidden, { q: 'x' })).toEqual({ value: { q: 'x' } });
    expect(await validate(hidden, { q: 1 })).toMatchObject({ issues: [{ message: expect.any(String) as string }] });
    expect(JSON.stringify(await validate(hidden, { q: 1 }))).not.toContain(name);
  });

  it('runs the original on a copy without it, and takes it out of the value', async () => {
    const seen: unknown[] = [];
    const original = withJsonSchema(
      v.pipe(
        v.unknown(),
        v.transform((value) => {
          seen.push(value);
          return { ...(value as object), apiKey: 'a default', page: 1 };
        }),
      ),
    );
    const input = Object.freeze({ q: 'x', apiKey: 'from the model' });
    expect(await validate(hideParameter(original, name), input)).toEqual({ value: { q: 'x', page: 1 } });
    expect(seen).toEqual([{ q: 'x' }]);
    expect(input).toEqual({ q: 'x', apiKey: 'from the model' });
    for (const value of [null, 'text', ['apiKey'], { apiKey2: 1 }]) {
      seen.length = 0;
      await validate(hideParameter(original, name), value);
      expect(seen[0]).toBe(value);
    }
  });

  it('ignores issues at exactly its name, given as a key or a segment, at once or later', async () => {
    const issues = [
      { message: 'here', path: [name] },
      { message: 'here as well', path: [{ key: name }] },
    ];
    const others = [
      { message: 'deeper', path: ['auth', name] },
      { message: 'beneath', path: [name, 'id'] },
      { message: 'whole', path: [] },
      { message: 'nowhere' },
    ];
    for (const wrap of [<T>(value: T) => value, <T>(value: T) => Promise.resolve(value)]) {
      const original = (found: { message: string }[]): StandardSchema =>
        withJsonSchema({ '~standard': { version: 1, vendor: 'own', validate: () => wrap({ issues: found }) } });
      const all = hideParameter(original([...issues, ...others]), name);
      expect(await validate(all, { q: 'x', apiKey: 'y' })).toEqual({ issues: others });
      // No value is known but the input: defaults and transforms of the original are not in it.
      expect(await validate(hideParameter(original(issues), name), { q: 'x', apiKey: 'y' })).toEqual({
        value: { q: 'x' },
      });
    }
  });

  it('passes the options of a validation and of a conversion on', async () => {
    const seen: unknown[] = [];
    const original: StandardSchema = {
      '~standard': {
        version: 1,
        vendor: 'own',
        validate: (value, options) => {
          seen.push(options);
          return { value };
        },
        jsonSchema: {
          input: ({ target }) => {
            if (target !== 'draft-07') throw new Error('only draft-07');
            return json;
          },
          output: () => ({ type: 'string' }),
        },
      },
    };
    const hidden = hideParameter(original, name)['~standard'];
    await hidden.validate({}, { libraryOptions: { fast: true } });
    expect(seen).toEqual([{ libraryOptions: { fast: true } }]);
    expect(JSON.stringify(hidden.jsonSchema?.input({ target: 'draft-07' }))).not.toContain(name);
    expect(hidden.jsonSchema?.output({ target: 'draft-07' })).toEqual({ type: 'string' });
    expect(() => hidden.jsonSchema?.input({ target: 'draft-2020-12' })).toThrow('only draft-07');
  });

  it('is refused without a JSON Schema, or with one that lacks it', () => {
    const schema = v.object({ q: v.string(), apiKey: v.string() });
    expect(refusal(() => hideParameter(schema, name))).toBe(
      'parameter "apiKey" can\'t be hidden: the valibot schema has no JSON Schema (~standard.jsonSchema); add its converter, or pass JSON Schema',
    );
    const throwing = (): never => {
      throw new Error('sk-secret in a message');
    };
    const failing = withJsonSchema(schema, { input: throwing, output: throwing });
    const message = refusal(() => hideParameter(failing, name));
    expect(message).toContain('valibot');
    expect(message).not.toContain('sk-secret');
    const other = withJsonSchema(schema, converter({ properties: { q: {} } }));
    expect(refusal(() => hideParameter(other, name))).toContain('the schema declares "q"');
  });
});
