import { ClavigerError } from '../errors.js';
import { didYouMean } from '../internal/near-names.js';

/** The error for a schema that does not declare the parameter; it tells what the schema does declare. */
export function nothingToHide(name: string, declared: readonly string[]): ClavigerError {
  const listed = declared.slice(0, 10).map((each) => `"${each}"`);
  const more = declared.length > listed.length ? ', …' : '';
  const has =
    declared.length === 0 ? 'the schema declares no parameters' : `the schema declares ${listed.join(', ')}${more}`;
  const hint = didYouMean(name, declared);
  return new ClavigerError('ERR_PLACEMENT_INVALID', `there is no parameter "${name}" to hide${hint}: ${has}`);
}
