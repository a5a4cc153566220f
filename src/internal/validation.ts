import * as z from 'zod/mini';
import { ClavigerError, type Issue } from '../errors.js';
import { didYouMean } from './near-names.js';

/** An object that takes no unknown key, and says which one was probably meant. */
export function closed<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined;
      const keys = (issue as unknown as { keys: string[] }).keys;
      return keys.map((key) => `unknown key "${key}"${didYouMean(key, Object.keys(shape))}`).join(', ');
    },
  });
}

/**
 * Checks a value and gives every finding with its path.
 *
 * @throws ClavigerError `ERR_CONFIG_INVALID`; no value of the input is in the message.
 */
export function assertValid(schema: z.ZodMiniType, value: unknown, what: string): void {
  const result = z.safeParse(schema, value);
  if (!result.success) throw configInvalid(what, flatten(result.error.issues));
}

export function configInvalid(what: string, issues: readonly Issue[]): ClavigerError {
  const lines = issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  return new ClavigerError('ERR_CONFIG_INVALID', `${what} is invalid: ${lines.join('; ')}`, { issues });
}

function flatten(issues: readonly z.core.$ZodIssue[], base: readonly PropertyKey[] = []): Issue[] {
  return issues.flatMap((issue): Issue[] => {
    const path = [...base, ...issue.path];
    if (issue.code === 'invalid_union' && issue.errors.length > 0) {
      return flatten(closestBranch(issue.errors), path);
    }
    return [{ path: formatPath(path), message: issue.message.replace(/^Invalid input: /, '') }];
  });
}

/** Of the branches of a union, the one that got furthest: its findings lie deepest, or aren't about the type at the root. */
function closestBranch(branches: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] {
  const depth = (branch: readonly z.core.$ZodIssue[]) =>
    Math.max(...branch.map((issue) => issue.path.length + (issue.code === 'invalid_type' ? 0 : 0.5)));
  return branches.reduce((best, branch) => (depth(branch) > depth(best) ? branch : best));
}

function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index === 0 ? '' : '.'}${String(key)}`))
    .join('');
}
