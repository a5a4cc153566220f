import { ClavigerError } from '../errors.js';
import type { HiddenSchema } from './hidden-schema.js';
import { hideInArkType } from './hide-in-arktype.js';
import { hideInJsonSchema, parametersOf } from './hide-in-json-schema.js';
import { hideInStandardSchema } from './hide-in-standard-schema.js';
import { hideInZod } from './hide-in-zod.js';
import { nothingToHide } from './nothing-to-hide.js';
import { isStandardSchema, type StandardSchema } from './standard-schema.js';

/**
 * The schema of a tool's arguments without one parameter: what the model gets to see of a tool whose credential
 * somebody else puts in. The schema given is never changed.
 *
 * - JSON Schema gives JSON Schema, as `hideInJsonSchema` says.
 * - A zod object gives a zod object, an ArkType object an ArkType object. What a refinement says about the parameter is
 *   not asked; ArkType's `narrow` goes with `omit`.
 * - Any other Standard Schema with a JSON Schema (`~standard.jsonSchema`) gives a Standard Schema of vendor `claviger`.
 *   Its `validate` drops the parameter from the input, runs the original, and ignores what that says about the
 *   parameter. If there was nothing else wrong, the value is the input: defaults and transforms have not been applied.
 *
 * @throws ClavigerError `ERR_PLACEMENT_INVALID` if the schema has no such parameter, if it can't be hidden in all places
 * (a reference out of the schema, a copy in an HTTP header), or if there is no JSON Schema to be had.
 *
 * @example
 * hideParameter(z.object({ query: z.string(), apiKey: z.string() }), 'apiKey') // z.object({ query: z.string() })
 */
export function hideParameter<const S extends object, const N extends string>(schema: S, name: N): HiddenSchema<S, N> {
  return (isStandardSchema(schema) ? hideInLibrary(schema, name) : hideInPlain(schema, name)) as HiddenSchema<S, N>;
}

function hideInLibrary(schema: StandardSchema, name: string): StandardSchema {
  const { vendor } = schema['~standard'];
  if (vendor === 'arktype') return hideInArkType(schema, name) ?? hideInStandardSchema(schema, name);
  if (vendor !== 'zod') return hideInStandardSchema(schema, name);
  const hidden = hideInZod(schema, name);
  if (hidden.schema !== undefined) return hidden.schema;
  if (hidden.declared.length > 0) throw nothingToHide(name, hidden.declared);
  return hideInStandardSchema(schema, name);
}

function hideInPlain(schema: unknown, name: string): object {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
    const what = 'it takes a JSON Schema object, or a schema of zod, ArkType or another Standard Schema library';
    throw new ClavigerError('ERR_PLACEMENT_INVALID', `parameter "${name}" can't be hidden: ${what}`);
  }
  const hidden = hideInJsonSchema(schema, name);
  if (!hidden.removed) throw nothingToHide(name, parametersOf(schema));
  return hidden.schema;
}
