import { ClavigerError, isClavigerError, safeCause } from '../errors.js';
import { hideInJsonSchema, parametersOf } from './hide-in-json-schema.js';
import { withoutKey } from './keep-identity.js';
import { nothingToHide } from './nothing-to-hide.js';
import { isJsonObject } from './schema-keywords.js';
import type { JsonSchemaConverter, StandardIssue, StandardResult, StandardSchema } from './standard-schema.js';

/**
 * A Standard Schema around another one, without one parameter: its JSON Schema lacks the parameter, and `validate` runs
 * the original on a copy of the input that has no such property.
 *
 * The original misses the parameter if it is required; that issue (a path of exactly the name) is dropped. Was it the
 * only one, the original has yielded no value, so the input itself is the value, without the parameter: defaults and
 * transforms of the original have not been applied, and what a library checks only once all properties are in order has
 * not been checked. Issues consist of message and path alone: what else a library hangs on them may be arguments.
 *
 * @throws ClavigerError `ERR_PLACEMENT_INVALID` if the original has no JSON Schema, or one without the parameter.
 */
export function hideInStandardSchema(schema: StandardSchema, name: string): StandardSchema {
  const original = schema['~standard'];
  const converter = original.jsonSchema;
  const known = jsonSchemaOf(converter, original.vendor, name);
  if (!hideInJsonSchema(known, name).removed) throw nothingToHide(name, parametersOf(known));

  const settle = (result: StandardResult<unknown>, input: unknown): StandardResult<unknown> => {
    if (result.issues === undefined) return { value: withoutParameter(result.value, name) };
    const issues = result.issues.filter((issue) => !isAt(issue, name)).map(plain);
    return issues.length === 0 && result.issues.length > 0 ? { value: input } : { issues };
  };
  const convert = (direction: keyof JsonSchemaConverter): JsonSchemaConverter['input'] => {
    return (options) => hideInJsonSchema(converter?.[direction](options) ?? {}, name).schema as Record<string, unknown>;
  };

  return {
    '~standard': {
      version: 1,
      vendor: 'claviger',
      validate(value, options) {
        const input = withoutParameter(value, name);
        const result = options === undefined ? original.validate(input) : original.validate(input, options);
        return result instanceof Promise ? result.then((settled) => settle(settled, input)) : settle(result, input);
      },
      jsonSchema: { input: convert('input'), output: convert('output') },
    },
  };
}

/** The JSON Schema of the input; the older draft if that is the one a library knows. */
function jsonSchemaOf(
  converter: JsonSchemaConverter | undefined,
  vendor: string,
  name: string,
): Record<string, unknown> {
  const fail = (why: string, cause?: unknown): ClavigerError => {
    const message = `parameter "${name}" can't be hidden: the ${vendor} schema ${why}`;
    return new ClavigerError('ERR_PLACEMENT_INVALID', message, cause === undefined ? {} : { cause: safeCause(cause) });
  };
  if (converter === undefined) {
    throw fail('has no JSON Schema (~standard.jsonSchema); add its converter, or pass JSON Schema');
  }
  let failure: unknown;
  for (const target of ['draft-2020-12', 'draft-07']) {
    try {
      return converter.input({ target });
    } catch (error) {
      if (isClavigerError(error)) throw error;
      failure = error;
    }
  }
  throw fail('can not be expressed as JSON Schema', failure);
}

function withoutParameter(value: unknown, name: string): unknown {
  return isJsonObject(value) ? withoutKey(value, name) : value;
}

function isAt({ path }: StandardIssue, name: string): boolean {
  const [segment] = path ?? [];
  if (path?.length !== 1 || segment === undefined) return false;
  return (typeof segment === 'object' ? segment.key : segment) === name;
}

function plain({ message, path }: StandardIssue): StandardIssue {
  return path === undefined ? { message } : { message, path: [...path] };
}
