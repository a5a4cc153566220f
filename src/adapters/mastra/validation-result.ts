import { keyRefused, type Checked } from '../check-input.js';

/** What a tool of Mastra gives where its schemas do not take what went in or came out. */
interface ValidationResult {
  readonly error: true;
  readonly message: string;
  readonly validationErrors: { readonly fields?: Readonly<Record<string, unknown>> };
}

/**
 * What a tool gave, without the arguments that the framework quotes in a refusal: it cuts them off in the middle, where half a
 * key can't be told from other text.
 *
 * @throws ClavigerError `ERR_PLACEMENT_INVALID` where it is the credential that the tool's own schema refuses
 */
export function withoutQuotedArguments(result: unknown, checked: Checked): unknown {
  if (!isValidationResult(result)) return result;
  const { message, validationErrors } = result;
  const isOfInput = message.startsWith('Tool input');
  if (isOfInput && Object.hasOwn(validationErrors.fields ?? {}, checked.parameter)) throw keyRefused(checked);
  return { ...result, message: message.replace(/\n\n(?:Provided|Returned) [\s\S]*$/, '') };
}

function isValidationResult(value: unknown): value is ValidationResult {
  if (typeof value !== 'object' || value === null) return false;
  const { error, message, validationErrors } = value as Partial<ValidationResult>;
  return error === true && typeof message === 'string' && typeof validationErrors === 'object';
}
