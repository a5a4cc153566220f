import { withoutKey } from '../tools/keep-identity.js';
import { isJsonObject } from '../tools/schema-keywords.js';
import type { StandardSchema } from '../tools/standard-schema.js';

/** What is used of a zod schema: of version 4 its published ground for libraries, of version 3 the method behind all others. */
type Zod = StandardSchema & (Zod4 | Zod3);

interface Zod4 {
  readonly _zod: { run: (payload: Payload, context: unknown) => Payload | Promise<Payload> };
}

interface Payload {
  value: unknown;
  issues: readonly unknown[];
}

interface Zod3 {
  _parse: (input: { data: unknown }) => Parsed | Promise<Parsed>;
}

interface Parsed {
  status: string;
  value?: unknown;
}

export function isZod(schema: StandardSchema): schema is Zod {
  return '_zod' in schema || '_parse' in schema;
}

/**
 * Makes a schema check its input, without the parameter, and give just that: a second schema that parses the same input must
 * find it as it came, as a transformation can't be done twice.
 *
 * A schema of zod stays the object it is: it must be one that nobody else holds.
 */
export function keepInputOfZod(schema: Zod, name: string): StandardSchema {
  if ('_zod' in schema) keepInputOfZod4(schema._zod, name);
  else keepInputOfZod3(schema, name);
  return schema;
}

function keepInputOfZod4(internals: Zod4['_zod'], name: string): void {
  const { run } = internals;
  internals.run = (payload, context) => {
    const input = withoutParameter(payload.value, name);
    payload.value = input;
    return then(run(payload, context), (outcome) => {
      if (outcome.issues.length === 0) outcome.value = input;
      return outcome;
    });
  };
}

function keepInputOfZod3(schema: Zod3, name: string): void {
  const parse = schema._parse.bind(schema);
  schema._parse = (input) => {
    const data = withoutParameter(input.data, name);
    return then(parse({ ...input, data }), (parsed) =>
      parsed.status === 'valid' ? { ...parsed, value: data } : parsed,
    );
  };
}

/** The same for any other Standard Schema; it becomes one of vendor `claviger`. */
export function keepInput(schema: StandardSchema, name: string): StandardSchema {
  const { validate, jsonSchema } = schema['~standard'];
  return {
    '~standard': {
      version: 1,
      vendor: 'claviger',
      ...(jsonSchema === undefined ? {} : { jsonSchema }),
      validate(value, options) {
        const input = withoutParameter(value, name);
        return then(options === undefined ? validate(input) : validate(input, options), (result) =>
          result.issues === undefined ? { value: input } : result,
        );
      },
    },
  };
}

function withoutParameter(value: unknown, name: string): unknown {
  return isJsonObject(value) ? withoutKey(value, name) : value;
}

function then<T, R>(value: T | Promise<T>, next: (value: T) => R): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}
