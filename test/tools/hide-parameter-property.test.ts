import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { declaresParameter, hideInJsonSchema } from '../../src/tools/hide-in-json-schema.js';

const name = 'apiKey';
const key = 'k-0123456789';
type Json = Record<string, unknown>;

const argumentNames = ['q', 'r', 'region'] as const;
const leaf = fc.constantFrom<unknown>({ type: 'string' }, { type: 'integer' }, true, { minLength: 1 });
const someNames = fc.uniqueArray(fc.constantFrom(...argumentNames, name), { maxLength: 3 });

/** Which demands on the parameter a generated schema may make: all, or only those that any credential meets. */
interface Wildness {
  readonly parameter: fc.Arbitrary<unknown>;
  readonly extras?: 'conditions' | 'unevaluated';
}
const wildParameter = fc.constantFrom<unknown>(
  { type: 'string' },
  { type: 'string', minLength: 40 },
  { const: key },
  true,
  false,
  { not: { const: key } },
);
/** ajv counts the properties of an `if` that failed as evaluated, so the two never stand in one document here. */
const wild: Wildness[] = [
  { parameter: wildParameter, extras: 'conditions' },
  { parameter: wildParameter, extras: 'unevaluated' },
];
const uniform: Wildness[] = [{ parameter: fc.constant({ type: 'string', description: 'the key' }) }];

/** A schema of the arguments; references go to later definitions only, so that a validator comes to an end. */
function level(depth: number, from: number, wildness: Wildness): fc.Arbitrary<unknown> {
  const inner = depth === 0 ? fc.constant<unknown>({}) : level(depth - 1, from, wildness);
  const list = fc.array(inner, { minLength: 1, maxLength: 3 });
  const later = [0, 1, 2].filter((index) => index >= from).map((index) => `#/$defs/D${String(index)}`);
  const deeper = fc.oneof(leaf, fc.constantFrom({ $ref: '#/$defs/D0' }, { $ref: '#/$defs/D2' }, { $ref: '#' }));
  const shape: Record<string, fc.Arbitrary<unknown>> = {
    properties: fc
      .tuple(
        fc.dictionary(fc.constantFrom(...argumentNames), deeper, { maxKeys: 2, noNullPrototype: true }),
        fc.option(wildness.parameter, { nil: undefined }),
      )
      .map(([others, own]) => (own === undefined ? others : { ...others, [name]: own })),
    required: someNames,
    dependentRequired: fc.dictionary(fc.constantFrom(...argumentNames, name), someNames, {
      maxKeys: 2,
      noNullPrototype: true,
    }),
    dependentSchemas: fc.dictionary(fc.constantFrom(...argumentNames, name), inner, {
      maxKeys: 1,
      noNullPrototype: true,
    }),
    minProperties: fc.nat(3),
    maxProperties: fc.integer({ min: 1, max: 4 }),
    allOf: list,
    anyOf: list,
    oneOf: list,
    examples: fc.constant([{ q: 'x', [name]: 'sk-example' }]),
  };
  if (later.length > 0) shape['$ref'] = fc.constantFrom(...later);
  if (wildness.extras === 'unevaluated') shape['unevaluatedProperties'] = fc.constant(false);
  if (wildness.extras === 'conditions') Object.assign(shape, { if: inner, then: inner, else: inner });
  if (wildness.extras !== undefined) {
    Object.assign(shape, {
      not: inner,
      maxProperties: fc.nat(4),
      additionalProperties: fc.constantFrom<unknown>(false, true, { type: 'integer' }),
      patternProperties: fc.constantFrom<unknown>(
        { [`^${name}$`]: { type: 'string' } },
        { [`^(${name}|q)$`]: { type: 'string' } },
        { '^a': { type: 'string' } },
        { '^r': { type: 'string' } },
      ),
      propertyNames: fc.constantFrom<unknown>({ enum: ['q', 'r', name] }, { enum: [name] }, { maxLength: 4 }, {}),
      const: fc.constantFrom<unknown>({ q: 'x', [name]: key }, { q: 'x' }),
      enum: fc.constantFrom<unknown>([
        { q: 'x', [name]: key },
        { q: 'x', [name]: 'other' },
      ]),
    });
  }
  // Few keywords at a time: with many, no value satisfies anything and the law holds for nothing.
  return fc
    .uniqueArray(fc.constantFrom(...Object.keys(shape)), { minLength: 1, maxLength: 3 })
    .chain((keywords) => fc.record(Object.fromEntries(keywords.map((keyword) => [keyword, shape[keyword] ?? leaf]))));
}

function document(kinds: Wildness[]): fc.Arbitrary<Json> {
  return fc
    .constantFrom(...kinds)
    .chain((kind) => fc.tuple(level(2, 0, kind), level(1, 1, kind), level(1, 2, kind), level(1, 3, kind)))
    .map(([root, D0, D1, D2]) => ({ ...(root as Json), $defs: { D0, D1, D2 } }));
}

const argumentValue = fc.constantFrom<unknown>('x', '', 3, { [name]: 'deep', q: 'x' }, {});
const someArguments = fc.dictionary(fc.constantFrom(...argumentNames), argumentValue, {
  maxKeys: 3,
  noNullPrototype: true,
});

/** `undefined` where ajv itself stumbles: it does so over some mixtures of `unevaluatedProperties` and patterns. */
function validator(schema: object): (value: unknown) => boolean | undefined {
  const validate = new Ajv2020({ strict: false, validateSchema: false, logger: false }).compile(schema);
  return (value) => {
    try {
      return validate(value);
    } catch {
      return undefined;
    }
  };
}

/** Every schema that describes the arguments in a result, found in a plain way of its own. */
function argumentSchemas(root: Json): Json[] {
  const found: Json[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null || found.includes(node as Json)) return;
    const schema = node as Json;
    found.push(schema);
    for (const keyword of ['allOf', 'anyOf', 'oneOf']) (schema[keyword] as unknown[] | undefined)?.forEach(visit);
    for (const keyword of ['not', 'if', 'then', 'else']) visit(schema[keyword]);
    Object.values((schema['dependentSchemas'] as Json | undefined) ?? {}).forEach(visit);
    const reference = schema['$ref'];
    if (typeof reference !== 'string') return;
    const path = reference.slice(1).split('/').slice(1);
    const target = path.reduce<unknown>((each, token) => (each as Json)[token], root);
    expect(target, reference).toBeDefined();
    visit(target);
  };
  visit(root);
  return found;
}

/** The schema's own words on the arguments, without the schemas of deeper values. */
function ownWords(schema: Json): string {
  const { properties, patternProperties, $defs, ...rest } = schema;
  void $defs;
  for (const inner of ['allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else', '$ref', 'additionalProperties']) {
    Reflect.deleteProperty(rest, inner);
  }
  rest['dependentSchemas'] = Object.keys((rest['dependentSchemas'] as Json | undefined) ?? {});
  return JSON.stringify([Object.keys(properties ?? {}), Object.keys(patternProperties ?? {}), rest]);
}

describe('hiding a parameter in any JSON Schema', () => {
  it('names it nowhere among the arguments, and leaves the input as it was', () => {
    fc.assert(
      fc.property(document(wild), (schema) => {
        const before = structuredClone(schema);
        const hidden = hideInJsonSchema(schema, name);
        expect(schema).toEqual(before);
        expect(hidden.removed).toBe(declaresParameter(schema, name));
        if (!hidden.removed) expect(hidden.schema).toBe(schema);
        else for (const each of argumentSchemas(hidden.schema as Json)) expect(ownWords(each)).not.toContain(name);
      }),
      { numRuns: 500 },
    );
  });

  it('accepts, without the parameter, whatever the original accepts with it', () => {
    fc.assert(
      fc.property(document(wild), fc.array(someArguments, { minLength: 4, maxLength: 8 }), (schema, values) => {
        const hidden = hideInJsonSchema(schema, name);
        fc.pre(hidden.removed);
        const [original, remaining] = [validator(schema), validator(hidden.schema)];
        for (const value of values) {
          if (original({ ...value, [name]: key }) === true)
            expect(remaining(value), JSON.stringify(value)).not.toBe(false);
        }
      }),
      { numRuns: 250 },
    );
  });

  it('accepts nothing else where only the presence of the parameter matters', () => {
    fc.assert(
      fc.property(document(uniform), fc.array(someArguments, { minLength: 4, maxLength: 8 }), (schema, values) => {
        const hidden = hideInJsonSchema(schema, name);
        fc.pre(hidden.removed);
        const [original, remaining] = [validator(schema), validator(hidden.schema)];
        for (const value of values) {
          expect(remaining(value), JSON.stringify(value)).toBe(original({ ...value, [name]: key }));
        }
      }),
      { numRuns: 250 },
    );
  });
});
