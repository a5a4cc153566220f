import { ClavigerError } from '../errors.js';
import { hideParameter } from '../tools/hide-parameter.js';
import { assertNotMirrored } from '../tools/hide-in-zod.js';
import { nothingToHide } from '../tools/nothing-to-hide.js';
import { isStandardSchema, type StandardSchema } from '../tools/standard-schema.js';
import { keepInput, keepInputOfZod, isZod } from './keep-input.js';

/** A tool's schema in two: what the framework checks the model's arguments by, and what the tool gets to see. */
export interface DividedSchema<S extends object = object> {
  /**
   * Of the same kind as the original, and without the parameter. It drops what the model sends under that name, and hands
   * the other arguments on as they came: the original is what parses them, once.
   */
  readonly shown: S;
  /**
   * The arguments, the credential among them, as the original schema parses them.
   *
   * @throws ClavigerError `ERR_PLACEMENT_INVALID`, in a text that a model may read: neither the parameter nor a value is in it.
   */
  readonly accept: (args: Record<string, unknown>) => Promise<Record<string, unknown>>;
}

/** Field schemas by name, as tools may be given them instead of an object schema. */
export type SchemaShape = Readonly<Record<string, StandardSchema>>;

/**
 * Divides a Standard Schema (zod and ArkType objects among them) or a shape of field schemas.
 *
 * @throws ClavigerError `ERR_PLACEMENT_INVALID` if the parameter is not there or can't be hidden: see `hideParameter`.
 */
export function divideSchema(schema: object, name: string): DividedSchema {
  if (isStandardSchema(schema)) return { shown: showStandard(schema, name), accept: (args) => parse(schema, args) };
  if (!isShape(schema)) {
    const message = `parameter "${name}" can't be hidden: its tool has no schema of zod or another Standard Schema library`;
    throw new ClavigerError('ERR_PLACEMENT_INVALID', message);
  }
  const field = Object.hasOwn(schema, name) ? schema[name] : undefined;
  if (field === undefined) throw nothingToHide(name, Object.keys(schema));
  assertNotMirrored(field, name);
  const { [name]: _hidden, ...shown } = schema;
  // the fields of a shape are parsed each by itself, so the framework has parsed the others
  return { shown, accept: async (args) => ({ ...args, [name]: await parse(field, args[name]) }) };
}

function showStandard(schema: StandardSchema, name: string): StandardSchema {
  const hidden = hideParameter(schema, name) as StandardSchema;
  return isZod(hidden) ? keepInputOfZod(hidden, name) : keepInput(hidden, name);
}

function isShape(schema: object): schema is SchemaShape {
  const fields = Object.values(schema);
  return !Array.isArray(schema) && fields.every(isStandardSchema);
}

async function parse<T>(schema: StandardSchema, value: T): Promise<T> {
  const result = await schema['~standard'].validate(value);
  if (result.issues === undefined) return result.value as T;
  // issues of some libraries quote what was wrong, and all of them name the parameter
  const message = 'the arguments are not what this tool takes together with its credential';
  throw new ClavigerError('ERR_PLACEMENT_INVALID', message);
}
