import { ClavigerError } from '../errors.js';
import { isStandardSchema, type StandardIssue, type StandardSchema } from '../tools/standard-schema.js';

/** Checks the arguments of a call, and gives them as the schema gives them on: with its defaults, conversions and transforms. */
export type InputCheck = (input: Record<string, unknown>) => Promise<unknown>;

/** Whose schema it is, and what is in the input that its author does not know of. */
export interface Checked {
  readonly parameter: string;
  readonly providerName: string;
}

/**
 * The check of a tool's *own* schema, for the arguments with the key in them. Nothing that it says holds a value, and what it
 * says to the model does not name the parameter: a key that the schema refuses is nobody's business but the operator's.
 *
 * It rejects with `ERR_PLACEMENT_INVALID` for a key that the schema refuses, with a plain `Error` for other arguments.
 */
export function inputCheck(schema: object, checked: Checked): InputCheck {
  return isStandardSchema(schema) ? standardCheck(schema, checked) : jsonSchemaCheck(schema, checked);
}

function standardCheck(schema: StandardSchema, checked: Checked): InputCheck {
  return async (input) => {
    const result = await schema['~standard'].validate(input);
    if (result.issues === undefined) return result.value;
    throw inputRefused(result.issues, checked);
  };
}

/** The validator that the MCP SDK brings, loaded at the first call. The arguments without the key were checked by the framework. */
function jsonSchemaCheck(schema: object, checked: Checked): InputCheck {
  let validator: Promise<(input: unknown) => { valid: boolean }> | undefined;
  return async (input) => {
    validator ??= compile(schema);
    if (!(await validator)(input).valid) throw keyRefused(checked);
    return input;
  };
}

async function compile(schema: object): Promise<(input: unknown) => { valid: boolean }> {
  const { AjvJsonSchemaValidator } = await import('@modelcontextprotocol/sdk/validation/ajv');
  // its dialect's name would make the validator ask for that dialect's own schema
  return new AjvJsonSchemaValidator().getValidator({ ...schema, $schema: undefined, $id: undefined } as object);
}

/** What a schema says of arguments with a key in them. */
export function inputRefused(issues: readonly StandardIssue[], checked: Checked): Error {
  const others = issues.filter((issue) => pathOf(issue)[0] !== checked.parameter);
  if (others.length === 0) return keyRefused(checked);
  const lines = others.map((issue) => [...pathOf(issue).map(String), issue.message].join(': '));
  return new Error(`the tool's input is not valid: ${lines.join('; ')}`);
}

export function keyRefused({ providerName }: Checked): ClavigerError {
  const message = `provider "${providerName}": its credential is not what the tool's own schema asks for`;
  return new ClavigerError('ERR_PLACEMENT_INVALID', message, { provider: providerName });
}

function pathOf({ path = [] }: StandardIssue): PropertyKey[] {
  return path.map((segment) => (typeof segment === 'object' ? segment.key : segment));
}
