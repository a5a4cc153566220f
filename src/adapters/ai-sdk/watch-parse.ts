import type { StandardSchema } from '../../tools/standard-schema.js';

/** What happens around a schema's parsing: what it is given instead of a value, and what it gave for which. */
export interface ParseWatch {
  before(value: unknown): unknown;
  after(given: unknown, parsed: unknown): void;
}

/** zod 4, classic or mini: `_zod` is zod's published ground for libraries. */
interface Zod4 extends StandardSchema {
  readonly _zod: { readonly def: object; run: (payload: Payload, context: unknown) => Payload | Promise<Payload> };
  clone(def: object, options: { parent: boolean }): Zod4;
}

interface Payload {
  value: unknown;
  readonly issues: readonly unknown[];
}

interface Zod3 extends StandardSchema {
  _parse(input: { data: unknown }): Zod3Result | Promise<Zod3Result>;
}

interface Zod3Result {
  readonly status: string;
  readonly value?: unknown;
}

/** A schema of our own making, which nobody else has: in it the watch is set, and for zod it stays a schema of zod. */
export function watchParse(schema: StandardSchema, watch: ParseWatch): StandardSchema {
  if ('_zod' in schema) return watchZod4(schema as Zod4, watch);
  if ('_parse' in schema && typeof schema._parse === 'function') return watchZod3(schema as Zod3, watch);
  return watchStandard(schema, watch);
}

function watchZod4(schema: Zod4, watch: ParseWatch): StandardSchema {
  const copy = schema.clone(schema._zod.def, { parent: true });
  const run = copy._zod.run;
  copy._zod.run = (payload, context) => {
    const given = watch.before(payload.value);
    payload.value = given;
    return settle(run(payload, context), (done) => {
      if (done.issues.length === 0) watch.after(given, done.value);
    });
  };
  return copy;
}

function watchZod3(schema: Zod3, watch: ParseWatch): StandardSchema {
  const parse = schema._parse.bind(schema);
  schema._parse = (input) => {
    const data = watch.before(input.data);
    return settle(parse({ ...input, data }), (done) => {
      if (done.status === 'valid') watch.after(data, done.value);
    });
  };
  return schema;
}

function watchStandard(schema: StandardSchema, watch: ParseWatch): StandardSchema {
  const standard = schema['~standard'];
  return {
    '~standard': {
      ...standard,
      validate(value, options) {
        const given = watch.before(value);
        return settle(standard.validate(given, options), (done) => {
          if (done.issues === undefined) watch.after(given, done.value);
        });
      },
    },
  };
}

/** Looks at what comes, now or later, and gives it on. */
function settle<T>(outcome: T | Promise<T>, look: (done: T) => void): T | Promise<T> {
  if (outcome instanceof Promise) {
    return outcome.then((done) => {
      look(done);
      return done;
    });
  }
  look(outcome);
  return outcome;
}
