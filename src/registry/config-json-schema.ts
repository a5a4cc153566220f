import { globalRegistry, toJSONSchema, type $ZodType, type JSONSchema } from 'zod/v4/core';
import { storeOptions } from '../stores/open-store.js';
import { configDescriptions } from './config-descriptions.js';
import { configSchema } from './definition-schema.js';

type Schema = JSONSchema.BaseSchema;

/**
 * The JSON Schema of `claviger.config.json` (draft 2020-12), for editors. It comes from what the loader checks and is never
 * stricter; what only code can check is left to the loader.
 */
export function configJsonSchema(): Schema {
  const schema = toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any', metadata: globalRegistry });
  const properties = propertiesOf(schema);
  properties['stores'] = { type: 'object', additionalProperties: storeSchema() };
  adaptProvider(itemsOf(properties['providers']));
  describeAll(schema);
  return { ...schema, title: 'claviger.config.json' };
}

/** In a file a provider has no code, and an HTTP call carries its key. */
function adaptProvider(provider: Schema): void {
  const properties = propertiesOf(provider);
  delete properties['source'];
  properties['store'] = { type: 'string', minLength: 1 };
  const { anyOf: [placement, list] = [] } = properties['placement'] as { anyOf?: Schema[] };
  for (const each of [placement, list && itemsOf(list), itemsOf(properties['alternatives'])]) {
    if (each?.oneOf !== undefined) each.oneOf = each.oneOf.filter((branch) => isRequestPlacement(branch));
  }
}

function isRequestPlacement(branch: Schema): boolean {
  const kind = propertiesOf(branch)['in'];
  return ['header', 'query', 'cookie', 'basic'].includes(String(kind?.const));
}

/** One branch for each kind, chosen by its name, so that an editor tells what is wrong with that kind. */
function storeSchema(): Schema {
  const kinds = Object.entries(storeOptions());
  return {
    type: 'object',
    required: ['kind'],
    properties: { kind: { enum: kinds.map(([kind]) => kind) } },
    allOf: kinds.map(([kind, options]) => ({
      if: { properties: { kind: { const: kind } }, required: ['kind'] },
      then: kindSchema(kind, options),
    })),
  };
}

function kindSchema(kind: string, options: $ZodType): Schema {
  const schema = toJSONSchema(options, { io: 'input', unrepresentable: 'any' });
  delete schema.$schema;
  schema.properties = { kind: { const: kind }, ...propertiesOf(schema) };
  // Which the loader checks with code.
  if (kind === 'command') schema.oneOf = [{ required: ['command'] }, { required: ['preset'] }];
  return schema;
}

function describeAll(root: Schema): void {
  for (const [path, description] of Object.entries(configDescriptions)) {
    const target = path.split('.').reduce<Schema | undefined>((schema, name) => {
      return name === '[]' ? schema && itemsOf(schema) : schema && propertiesOf(schema)[name];
    }, root);
    if (target === undefined)
      throw new Error(`the config file has no ${path}: mend src/registry/config-descriptions.ts`);
    target.description = description;
  }
}

function propertiesOf(schema: Schema): Record<string, Schema> {
  return (schema.properties ??= {}) as Record<string, Schema>;
}

function itemsOf(schema: Schema | undefined): Schema {
  return schema?.items as Schema;
}
