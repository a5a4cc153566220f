import { lookupName } from '../record.js';
import { storeFailure } from '../store-failure.js';

/** Which secret of an engine is meant, and which field in it: `prod/db#password`. */
export interface Wanted {
  readonly name: string;
  readonly field: string | undefined;
}

/** Undefined for a name that no secret can have. */
export function wantedSecret(name: string, account: string | undefined, field: string | undefined): Wanted | undefined {
  const at = name.indexOf('#');
  const full = lookupName(at === -1 ? name : name.slice(0, at), account);
  return full === undefined ? undefined : { name: full, field: at === -1 ? field : name.slice(at + 1) };
}

/**
 * The text, or one field of the JSON object that it is; undefined where that lacks the field.
 *
 * @throws {@link ClavigerError} `ERR_STORE_UNAVAILABLE` for a field of something that is no JSON object
 */
export function fieldIn(kind: string, { name, field }: Wanted, text: string): string | undefined {
  if (field === undefined) return text;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) {
    throw storeFailure(
      'ERR_STORE_UNAVAILABLE',
      kind,
      `"${name}" is no JSON object, so that no field can be read from it`,
    );
  }
  const value: unknown = Object.hasOwn(parsed, field) ? (parsed as Record<string, unknown>)[field] : undefined;
  if (value === undefined || typeof value === 'string') return value;
  throw storeFailure('ERR_SECRET_INVALID', kind, `the field of "${name}" that was asked for is no text`);
}
