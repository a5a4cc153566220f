import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { declaresParameter, hideInJsonSchema } from '../../src/tools/hide-in-json-schema.js';
import { hideParameter } from '../../src/tools/hide-parameter.js';

const q = { type: 'string' };
const apiKey = { type: 'string', description: 'The API key' };
const hide = (schema: object): object => hideInJsonSchema(schema, 'apiKey').schema;

describe('a parameter in a JSON Schema', () => {
  it('leaves properties and required', () => {
    const schema = {
      type: 'object',
      properties: { q, apiKey },
      required: ['q', 'apiKey'],
      additionalProperties: false,
    };
    expect(hide(schema)).toEqual({ type: 'object', properties: { q }, required: ['q'], additionalProperties: false });
    expect(hideParameter(schema, 'apiKey')).toEqual(hide(schema));
  });

  it('leaves no empty list of required properties, which draft 4 forbids', () => {
    expect(hide({ properties: { apiKey }, required: ['apiKey'] })).toEqual({ properties: {} });
  });

  it('stays where it is a deeper property, and in texts', () => {
    const schema = {
      description: 'Needs an apiKey',
      properties: { apiKey, auth: { type: 'object', properties: { apiKey }, required: ['apiKey'] } },
    };
    expect(hide(schema)).toEqual({ description: schema.description, properties: { auth: schema.properties.auth } });
  });

  it('leaves every member of a combinator', () => {
    const schema = {
      allOf: [{ properties: { apiKey } }, { anyOf: [{ required: ['apiKey'] }, { required: ['token'] }] }],
      oneOf: [
        { properties: { q, apiKey }, required: ['q', 'apiKey'] },
        { properties: { id: q, apiKey }, required: ['id'] },
      ],
    };
    expect(hide(schema)).toEqual({
      allOf: [{ properties: {} }, { anyOf: [{}, { required: ['token'] }] }],
      oneOf: [
        { properties: { q }, required: ['q'] },
        { properties: { id: q }, required: ['id'] },
      ],
    });
  });

  it('leaves what depends on it, and what it depends on', () => {
    const schema = {
      properties: { q, apiKey, region: q },
      dependentRequired: { q: ['apiKey'], region: ['apiKey', 'q'] },
      dependentSchemas: { q: { properties: { apiKey } } },
      dependencies: { q: ['apiKey'], region: { required: ['apiKey'] } },
    };
    expect(hide(schema)).toEqual({
      properties: { q, region: q },
      dependentRequired: { region: ['q'] },
      dependentSchemas: { q: { properties: {} } },
      dependencies: { region: {} },
    });
  });

  it('hands on what its presence demands, as it will be present', () => {
    const schema = {
      properties: { q, apiKey, region: q },
      required: ['apiKey'],
      dependentRequired: { apiKey: ['region'] },
      dependentSchemas: { apiKey: { properties: { q: { minLength: 1 } } } },
    };
    expect(hide(schema)).toEqual({
      properties: { q, region: q },
      required: ['region'],
      allOf: [{ properties: { q: { minLength: 1 } } }],
    });
  });

  it('leaves examples, defaults, constants and enumerations of whole arguments', () => {
    const schema = {
      properties: { q, apiKey },
      default: { q: 'x', apiKey: 'sk-1' },
      examples: [
        { q: 'x', apiKey: 'sk-1' },
        { q: 'x', apiKey: 'sk-2' },
        { q: 'y', nested: { apiKey: 'stays' } },
      ],
      anyOf: [{ const: { q: 'x', apiKey: 'sk-1' } }, { enum: [{ q: 'y', apiKey: 'sk-1' }] }],
    };
    expect(hide(schema)).toEqual({
      properties: { q },
      default: { q: 'x' },
      examples: [{ q: 'x' }, { q: 'y', nested: { apiKey: 'stays' } }],
      anyOf: [{ const: { q: 'x' } }, { enum: [{ q: 'y' }] }],
    });
  });

  it('no longer counts among the properties', () => {
    expect(hide({ properties: { q, apiKey }, minProperties: 2, maxProperties: 2 })).toEqual({
      properties: { q },
      minProperties: 1,
      maxProperties: 1,
    });
    expect(hide({ properties: { q, apiKey }, minProperties: 1 })).toEqual({ properties: { q } });
  });

  it('leaves lists of property names, also behind a reference', () => {
    const schema = {
      properties: { q, apiKey },
      propertyNames: { anyOf: [{ enum: ['q', 'apiKey'] }, { const: 'apiKey' }, { pattern: '^(apiKey|token)$' }] },
      allOf: [{ propertyNames: { $ref: '#/$defs/Names' } }],
      $defs: { Names: { enum: ['q', 'apiKey'] } },
    };
    const hidden = hide(schema) as { propertyNames: unknown; allOf: unknown };
    expect(hidden.propertyNames).toEqual({
      anyOf: [{ enum: ['q'] }, { allOf: [{ not: {} }] }, { pattern: '^(token)$' }],
    });
    expect(hidden.allOf).toEqual([{ propertyNames: { allOf: [{ enum: ['q'] }] } }]);
    expect(JSON.stringify(hidden)).not.toContain('apiKey');
  });

  it('leaves patterns that spell it out, and no others', () => {
    const schema = {
      properties: { apiKey },
      patternProperties: { '^apiKey$': q, '^(?:apiKey|token)$': q, '^api': q, '^(api(Key|Id))$': q, '^api\\w+$': q },
    };
    expect(hide(schema)).toEqual({
      properties: {},
      patternProperties: { '^(?:token)$': q, '^api': q, '^(api(Key|Id))$': q, '^api\\w+$': q },
    });
  });

  it('is found where only a requirement or a pattern declares it', () => {
    expect(declaresParameter({ required: ['apiKey'] }, 'apiKey')).toBe(true);
    expect(declaresParameter({ patternProperties: { '^apiKey$': {} } }, 'apiKey')).toBe(true);
    expect(declaresParameter({ if: { required: ['q'] }, then: { required: ['apiKey'] } }, 'apiKey')).toBe(true);
  });

  it('is not declared by a deeper property, a prohibition, an example or a schema without keywords', () => {
    for (const schema of [
      {},
      { type: 'object' },
      { properties: { auth: { properties: { apiKey } } } },
      { properties: { apiKey: false } },
      { not: { required: ['apiKey'] } },
      { examples: [{ apiKey: 'sk' }] },
      { additionalProperties: true },
      { properties: { apikey: q } },
    ]) {
      expect(declaresParameter(schema, 'apiKey')).toBe(false);
      expect(hideInJsonSchema(schema, 'apiKey')).toEqual({ schema, removed: false });
    }
  });

  it('may have any name, those of prototypes too', () => {
    for (const name of ['__proto__', 'constructor', 'toString', '$ref', 'a/b~c', '']) {
      const properties = Object.fromEntries([[name, q] as const, ['q', q] as const]);
      expect(declaresParameter({ properties: { q } }, name)).toBe(false);
      expect(hideInJsonSchema({ properties, required: [name] }, name)).toEqual({
        schema: { properties: { q } },
        removed: true,
      });
    }
    const kept = JSON.parse('{"properties":{"__proto__":{"type":"string"},"apiKey":{}}}') as object;
    expect(JSON.stringify(hide(kept))).toBe('{"properties":{"__proto__":{"type":"string"}}}');
  });
});

describe('a schema whose outcome depends on the value of the parameter', () => {
  const accepts = (schema: object, value: unknown): unknown => new Ajv2020({ strict: false }).validate(schema, value);

  it('loses a negation that would refuse everything without it', () => {
    const schema = {
      properties: { q, apiKey },
      not: { properties: { apiKey: { const: 'demo' } }, required: ['apiKey'] },
    };
    expect(hide(schema)).toEqual({ properties: { q } });
  });

  it('keeps a negation that is about its presence only', () => {
    const schema = { properties: { q, apiKey }, not: { required: ['apiKey', 'token'] } };
    expect(hide(schema)).toEqual({ properties: { q }, not: { required: ['token'] } });
  });

  it('admits both branches of a condition on it', () => {
    const schema = {
      properties: { q, apiKey },
      if: { properties: { apiKey: { pattern: '^live-' } } },
      then: { required: ['org'] },
      else: { required: ['q'] },
    };
    const hidden = hide(schema);
    expect([{ org: 1 }, { q: 'x' }, {}].map((value) => accepts(hidden, value))).toEqual([true, true, false]);
  });

  it('admits every member of a choice that it decides', () => {
    const schema = {
      oneOf: [
        { properties: { q, apiKey: { const: 'demo' } } },
        { properties: { q, apiKey: { minLength: 20 } }, required: ['q'] },
      ],
    };
    expect(hide(schema)).toEqual({ anyOf: [{ properties: { q } }, { properties: { q }, required: ['q'] }] });
    expect(hide({ ...schema, anyOf: [{ required: ['q'] }] })).toMatchObject({
      anyOf: [{ required: ['q'] }],
      allOf: [{ anyOf: [{}, {}] }],
    });
  });
});

describe('a parameter behind references', () => {
  it('leaves a definition in its place if only the arguments use it', () => {
    const schema = { $ref: '#/$defs/Args', $defs: { Args: { properties: { q, apiKey }, required: ['apiKey'] } } };
    expect(hide(schema)).toEqual({ $ref: '#/$defs/Args', $defs: { Args: { properties: { q } } } });
  });

  it('leaves a copy of a definition that something deeper uses too', () => {
    const Args = { properties: { q, apiKey }, required: ['q', 'apiKey'] };
    const schema = {
      allOf: [{ $ref: '#/$defs/Args' }],
      properties: { saved: { $ref: '#/$defs/Args' } },
      $defs: { Args },
    };
    expect(hide(schema)).toEqual({
      allOf: [{ $ref: '#/$defs/Args2' }],
      properties: { saved: { $ref: '#/$defs/Args' } },
      $defs: { Args, Args2: { properties: { q }, required: ['q'] } },
    });
  });

  it('keeps one definition for both where it does not speak of the parameter', () => {
    const Page = { properties: { page: { type: 'integer' } } };
    const schema = {
      allOf: [{ $ref: '#/$defs/Page' }],
      properties: { apiKey, inner: { $ref: '#/$defs/Page' } },
      $defs: { Page },
    };
    expect(hide(schema)).toEqual({ ...schema, properties: { inner: { $ref: '#/$defs/Page' } } });
  });

  it('takes definitions along that only it used', () => {
    const schema = {
      properties: { q, apiKey: { $ref: '#/definitions/apiKey' } },
      definitions: {
        apiKey: { allOf: [{ $ref: '#/definitions/Token' }] },
        Token: { type: 'string' },
        Other: { type: 'number' },
      },
    };
    expect(hide(schema)).toEqual({ properties: { q }, definitions: { Other: { type: 'number' } } });
  });

  it.each([
    ['a pointer with escapes', '#/$defs/a~1b~0c', { 'a/b~c': true }],
    ['a percent-encoded pointer', '#/$defs/my%20args%25', { 'my args%': true }],
    ['an anchor', '#args', { Args: { $anchor: 'args' } }],
    ['a dynamic anchor', '#args', { Args: { $dynamicAnchor: 'args' } }],
    ['an anchor of draft 7', '#args', { Args: { $id: '#args' } }],
    ['an identifier', 'args.json', { Args: { $id: 'args.json' } }],
    ['an absolute identifier', 'https://example.com/args', { Args: { $id: 'https://example.com/args' } }],
    ['a pointer into an identified schema', 'args.json#/$defs/Inner', { Args: { $id: 'args.json', inner: true } }],
  ])('leaves what %s leads to', (_, $ref, definitions) => {
    const args = { properties: { q, apiKey }, required: ['apiKey'] };
    const $defs = Object.fromEntries(
      Object.entries(definitions).map(([key, extra]) => {
        if (extra === true) return [key, args];
        return [key, 'inner' in extra ? { $id: extra.$id, $defs: { Inner: args } } : { ...extra, ...args }];
      }),
    );
    const schema = { $id: 'https://example.com/tool', $ref, $defs };
    const hidden = hide(schema);
    expect(JSON.stringify(hidden)).not.toContain('apiKey');
    expect(hidden).toMatchObject({ $ref });
  });

  it('leaves a dynamic reference, and what stands under a keyword of OpenAPI', () => {
    const args = { properties: { q, apiKey } };
    const dynamic = hide({ $dynamicRef: '#args', $defs: { Args: { $dynamicAnchor: 'args', ...args } } });
    expect(dynamic).toEqual({ $dynamicRef: '#args', $defs: { Args: { $dynamicAnchor: 'args', properties: { q } } } });
    const openApi = { $ref: '#/components/schemas/Args', components: { schemas: { Args: args, Other: args } } };
    expect(hide(openApi)).toEqual({
      ...openApi,
      components: { schemas: { Args: { properties: { q } }, Other: args } },
    });
  });

  it('leaves schemas that refer to themselves and to each other', () => {
    const schema = {
      $ref: '#/$defs/A',
      $defs: {
        A: { properties: { apiKey, children: { items: { $ref: '#/$defs/A' } } }, anyOf: [{ $ref: '#/$defs/B' }, {}] },
        B: { required: ['apiKey'], anyOf: [{ $ref: '#/$defs/A' }, {}] },
      },
    };
    const hidden = hide(schema) as { $ref: string; $defs: Record<string, object> };
    expect(hidden.$defs).toMatchObject({ A: schema.$defs.A, B: schema.$defs.B });
    expect(hidden.$ref).toBe('#/$defs/A2');
    expect(hidden.$defs['A2']).toEqual({
      properties: { children: { items: { $ref: '#/$defs/A' } } },
      anyOf: [{ $ref: '#/$defs/B2' }, {}],
    });
    expect(hidden.$defs['B2']).toEqual({ anyOf: [{ $ref: '#/$defs/A2' }, {}] });
    expect(hide({ $ref: '#', properties: { apiKey } })).toEqual({ $ref: '#', properties: {} });
  });

  it('keeps the whole root for those deeper schemas that refer to it', () => {
    const schema = { $id: 'urn:tool', properties: { apiKey, filter: { $ref: '#' } } };
    expect(hide(schema)).toEqual({
      $id: 'urn:tool',
      properties: { filter: { $ref: '#/$defs/schema' } },
      $defs: { schema: { properties: { apiKey, filter: { $ref: '#/$defs/schema' } } } },
    });
  });

  it('repeats no identifier and no anchor in a copy', () => {
    const schema = {
      $schema: 'http://json-schema.org/draft-04/schema#',
      id: 'https://example.com/tool',
      properties: { apiKey, page: { $anchor: 'page' }, inner: { $ref: '#' }, last: { $ref: '#page' } },
    };
    expect(hide(schema)).toEqual({
      ...schema,
      properties: { page: { $anchor: 'page' }, inner: { $ref: '#/$defs/schema' }, last: { $ref: '#page' } },
      $defs: {
        schema: { properties: { apiKey, page: {}, inner: { $ref: '#/$defs/schema' }, last: { $ref: '#page' } } },
      },
    });
  });

  it('keeps its schema for another argument that refers to it', () => {
    const schema = { properties: { apiKey, other: { $ref: '#/properties/apiKey' } } };
    expect(hide(schema)).toEqual({
      properties: { other: { $ref: '#/$defs/schema' } },
      $defs: { schema: apiKey },
    });
  });

  it('leaves a schema object that stands in two places in one of them only', () => {
    const shared = { properties: { q, apiKey } };
    expect(hide({ allOf: [shared], properties: { inner: shared } })).toEqual({
      allOf: [{ properties: { q } }],
      properties: { inner: shared },
    });
  });

  it('reads no reference in data or in a property of that name', () => {
    const schema = {
      properties: { $ref: q, apiKey },
      default: { $ref: '#/nowhere' },
      const: { $ref: 'https://x.test/' },
    };
    expect(hide(schema)).toEqual({ ...schema, properties: { $ref: q } });
  });
});
