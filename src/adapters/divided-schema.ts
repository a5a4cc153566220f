import { ClavigerError } from '../errors.js';
import { hideParameter } from '../tools/hide-parameter.js';
import { assertNotMirrored } from '../tools/hide-in-zod.js';
import { hideInStandardSchema } from '../tools/hide-in-standard-schema.js';
import { nothingToHide } from '../tools/nothing-to-hide.js';
import { isStandardSchema, type StandardSchema } from '../tools/standard-schema.js';
import { inputCheck, keyRefused, type Checked, type InputCheck } from './check-input.js';
import { keepInput, keepInputOfZod, isZod } from './keep-input.js';

/** A tool's schema in two: what the framework checks the model's arguments by, and what the tool gets to see. */
export interface DividedSchema<S extends object = object> {
  /**
   * Of the same kind as the original, and without the parameter. It drops what the model sends under that name, and hands
   * the other arguments on as they came: the original is what parses them, once.
   */
  readonly shown: S;
  /** What the original schema makes of the arguments with the credential among them; it rejects as {@link inputCheck} does. */
  readonly accept: InputCheck;
}

/** Field schemas by name, as tools may be given them instead of an object schema. */
type SchemaShape = Readonly<Record<string, StandardSchema>>;

/**
 * Divides a Standard Schema (zod and ArkType objects among them) or a shape of field schemas.
 *
 * @throws ClavigerError `ERR_PLACEMENT_INVALID` if the parameter is not there or can't be hidden: see `hideParameter`.
 */
export function divideSchema(schema: object, checked: Checked): DividedSchema {
  const { parameter: name } = checked;
  if (isStandardSchema(schema)) return { shown: showStandard(schema, name), accept: inputCheck(schema, checked) };
  if (!isShape(schema)) {
    const message = `parameter "${name}" can't be hidden: its tool has no schema of zod or another Standard Schema library`;
    throw new ClavigerError('ERR_PLACEMENT_INVALID', message);
  }
  const field = Object.hasOwn(schema, name) ? schema[name] : undefined;
  if (field === undefined) throw nothingToHide(name, Object.keys(schema));
  assertNotMirrored(field, name);
  const { [name]: _hidden, ...shown } = schema;
  return { shown, accept: fieldCheck(field, checked) };
}

function showStandard(schema: StandardSchema, name: string): StandardSchema {
  const hidden: StandardSchema = hideParameter(schema, name);
  if (!isZod(hidden)) return keepInput(hidden, name);
  // a framework has given a schema a JSON Schema that its library does not know of
  const isConverted = schema['~standard'].jsonSchema !== undefined && hidden['~standard'].jsonSchema === undefined;
  return isConverted ? keepInput(hideInStandardSchema(schema, name), name) : keepInputOfZod(hidden, name);
}

/** The fields of a shape are parsed each by itself, so the framework has parsed the others. */
function fieldCheck(field: StandardSchema, checked: Checked): InputCheck {
  return async (args) => {
    const result = await field['~standard'].validate(args[checked.parameter]);
    if (result.issues !== undefined) throw keyRefused(checked);
    return { ...args, [checked.parameter]: result.value };
  };
}

function isShape(schema: object): schema is SchemaShape {
  const fields = Object.values(schema);
  return !Array.isArray(schema) && fields.every(isStandardSchema);
}
