import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { isClavigerError } from '../../src/errors.js';
import { declaresParameter, hideInJsonSchema } from '../../src/tools/hide-in-json-schema.js';
import { hideParameter } from '../../src/tools/hide-parameter.js';
import type { StandardSchema } from '../../src/tools/standard-schema.js';

function refusal(attempt: () => unknown): { code: string; message: string } {
  try {
    attempt();
  } catch (error) {
    if (isClavigerError(error)) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a parameter that would be hidden by half', () => {
  const string = { type: 'string' };

  it('is gone from properties and required (F6)', () => {
    const hidden = hideParameter({ properties: { q: string, apiKey: string }, required: ['q', 'apiKey'] }, 'apiKey');
    expect(hidden).toEqual({ properties: { q: string }, required: ['q'] });
  });

  it('is gone behind references, combinators, dependencies and examples, at every depth of them (F7)', () => {
    const schema = {
      $ref: '#/$defs/A',
      allOf: [
        { anyOf: [{ oneOf: [{ $ref: '#/$defs/B' }, { if: { required: ['apiKey'] }, then: { required: ['q'] } }] }] },
      ],
      dependentRequired: { q: ['apiKey'], apiKey: ['q'] },
      dependentSchemas: { apiKey: { required: ['q'] }, q: { required: ['apiKey'] } },
      examples: [{ q: 'x', apiKey: 'sk-example' }],
      default: { apiKey: 'sk-default' },
      propertyNames: { enum: ['q', 'apiKey'] },
      patternProperties: { '^apiKey$': string },
      $defs: {
        A: { allOf: [{ properties: { apiKey: { $ref: '#/$defs/apiKey' } } }, { $ref: '#/$defs/B' }] },
        B: { properties: { q: string, apiKey: string }, required: ['apiKey'], not: { required: ['apiKey', 'x'] } },
        apiKey: string,
      },
    };
    const before = structuredClone(schema);
    const hidden = JSON.stringify(hideParameter(schema, 'apiKey'));
    expect(hidden).not.toContain('apiKey');
    expect(hidden).not.toContain('sk-');
    expect(schema).toEqual(before);
  });

  it('is refused if the schema lacks it, naming it and what there is (F8)', () => {
    const attempts = [
      () => hideParameter({ properties: { q: string, apikey: string } }, 'apiKey'),
      () => hideParameter(z.object({ q: z.string(), apikey: z.string() }), 'apiKey'),
    ];
    for (const attempt of attempts) {
      const { code, message } = refusal(attempt);
      expect(code).toBe('ERR_PLACEMENT_INVALID');
      expect(message).toBe(
        'there is no parameter "apiKey" to hide (did you mean "apikey"?): the schema declares "q", "apikey"',
      );
    }
    expect(refusal(() => hideParameter({}, 'apiKey')).code).toBe('ERR_PLACEMENT_INVALID');
    expect(refusal(() => hideParameter(z.string(), 'apiKey')).code).toBe('ERR_PLACEMENT_INVALID');
    expect(refusal(() => hideParameter([], 'apiKey')).code).toBe('ERR_PLACEMENT_INVALID');
  });

  it.each([
    ['in another document', { $ref: 'https://example.com/args.json' }],
    ['that does not exist', { allOf: [{ $ref: '#/$defs/Missing' }] }],
    ['that is no schema', { $ref: '#/$defs/Args', $defs: { Args: 'nothing' } }],
    ['that is no pointer', { anyOf: [{ $ref: '#/%zz' }] }],
    ['that two anchors claim', { $ref: '#a', $defs: { A: { $anchor: 'a' }, B: { $anchor: 'a' } } }],
    ['behind another one', { $ref: '#/$defs/A', $defs: { A: { oneOf: [{ $ref: 'other.json' }] } } }],
    ['of a condition', { if: { $ref: 'other.json' } }],
    [
      'that is decided on the way',
      { $dynamicRef: '#a', $defs: { A: { $id: 'a', $dynamicAnchor: 'a' }, B: { $id: 'b', $dynamicAnchor: 'a' } } },
    ],
  ])('is refused behind a reference to a schema %s (M4)', (_, part) => {
    for (const schema of [part, { properties: { apiKey: string }, allOf: [part], ...part }]) {
      const { code, message } = refusal(() => hideInJsonSchema(schema, 'apiKey'));
      expect(code).toBe('ERR_PLACEMENT_INVALID');
      expect(message).toContain('"apiKey"');
    }
    expect(refusal(() => declaresParameter(part, 'apiKey')).code).toBe('ERR_PLACEMENT_INVALID');
    expect(declaresParameter({ properties: { apiKey: string }, ...part }, 'apiKey')).toBe(true);
  });

  it('is refused where a copy would have to move between documents (M4)', () => {
    const args = { $id: 'args.json', properties: { apiKey: string } };
    const schema = { $ref: 'args.json', properties: { saved: { $ref: 'args.json' } }, $defs: { Args: args } };
    expect(refusal(() => hideInJsonSchema(schema, 'apiKey'))).toMatchObject({ code: 'ERR_PLACEMENT_INVALID' });
  });

  it('is not refused for references that say nothing about the arguments', () => {
    const schema = { properties: { apiKey: { $ref: 'https://example.com/key.json' }, q: { $ref: '#/$defs/Missing' } } };
    expect(hideParameter(schema, 'apiKey')).toEqual({ properties: { q: { $ref: '#/$defs/Missing' } } });
  });

  it('is refused if it is to be mirrored into an HTTP header (M5)', () => {
    const marked = { type: 'string', 'x-mcp-header': 'Key' };
    const schemas = [
      { properties: { apiKey: marked } },
      { properties: { apiKey: { $ref: '#/$defs/Key' } }, $defs: { Key: marked } },
      { allOf: [{ properties: { apiKey: { type: 'object', properties: { value: marked } } } }] },
      { patternProperties: { '^apiKey$': marked } },
    ];
    for (const schema of schemas) {
      const { code, message } = refusal(() => hideInJsonSchema(schema, 'apiKey'));
      expect(code).toBe('ERR_PLACEMENT_INVALID');
      expect(message).toContain('x-mcp-header');
    }
    const object = z.object({ q: z.string(), apiKey: z.string().meta({ 'x-mcp-header': 'Key' }).optional() });
    expect(refusal(() => hideParameter(object, 'apiKey')).message).toContain('x-mcp-header');
    expect(hideInJsonSchema({ properties: { apiKey: string, region: marked } }, 'apiKey').removed).toBe(true);
  });

  it('is refused in a schema object that contains itself, without running for ever', () => {
    const schema: Record<string, unknown> = { properties: { apiKey: string } };
    schema['allOf'] = [schema];
    expect(refusal(() => hideInJsonSchema(schema, 'apiKey')).message).toContain('circular');
  });

  it('keeps a schema of hundreds of members affordable', () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 800 }, (_, index) => [
        `D${String(index)}`,
        { properties: { apiKey: string }, allOf: [{ $ref: `#/$defs/D${String((index + 1) % 800)}` }] },
      ]),
    );
    const started = performance.now();
    expect(JSON.stringify(hideInJsonSchema({ $ref: '#/$defs/D0', $defs }, 'apiKey').schema)).not.toContain('apiKey');
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe('a validation of what the model sends', () => {
  const canary = 'sk-canary-5f1d0c7b';
  const original: StandardSchema = {
    '~standard': {
      version: 1,
      vendor: 'strange',
      validate: (value) => ({
        issues: [
          { message: 'q is missing', path: ['q'], received: value, input: { apiKey: canary } } as { message: string },
          { message: 'apiKey is required', path: [{ key: 'apiKey' }] },
        ],
      }),
      jsonSchema: {
        input: () => ({ properties: { q: {}, apiKey: {} } }),
        output: () => ({ properties: { q: {}, apiKey: {} } }),
      },
    },
  };

  it('names no hidden parameter (F9)', async () => {
    const hidden = hideParameter(original, 'apiKey');
    const result = await hidden['~standard'].validate({});
    expect(result).toEqual({ issues: [{ message: 'q is missing', path: ['q'] }] });
    const object = hideParameter(z.object({ q: z.string(), apiKey: z.string() }), 'apiKey');
    expect(JSON.stringify(object.safeParse({}).error)).not.toContain('apiKey');
  });

  it('carries no arguments in its issues (F9, S12)', async () => {
    const hidden = hideParameter(original, 'apiKey');
    const result = await hidden['~standard'].validate({ apiKey: canary });
    expect(JSON.stringify(result)).not.toContain(canary);
  });
});
