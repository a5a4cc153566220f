import * as z from 'zod/mini';
import { ClavigerError, type Issue } from '../errors.js';
import { closedObject as closed } from '../internal/closed-object.js';
import { isFramingHeader, isHeaderName, isHeaderValue, problemOf } from '../placement/check-placement.js';
import { isRequestPlacement, type Placement } from '../placement/placement.js';
import type { Store } from '../stores/store.js';

const text = z.string().check(z.minLength(1));
const name = z.string().check(z.regex(/^[a-z0-9][a-z0-9._:-]{0,62}$/, 'must match [a-z0-9][a-z0-9._:-]{0,62}'));

const placement = z
  .discriminatedUnion(
    'in',
    [
      closed({ in: z.literal('header'), name: text, prefix: z.optional(z.string()) }),
      closed({ in: z.literal('query'), name: text }),
      closed({ in: z.literal('cookie'), name: text }),
      closed({
        in: z.literal('basic'),
        secretAs: z.optional(z.enum(['password', 'username'])),
        username: z.optional(z.string()),
        password: z.optional(z.string()),
      }),
      ...(['parameter', 'env', 'file', 'argument'] as const).map((kind) => z.looseObject({ in: z.literal(kind) })),
    ],
    {
      error:
        'must be a placement such as { "in": "header", "name": "X-API-Key" }: in is header, query, cookie or basic',
    },
  )
  .check(
    z.superRefine((value, context) => {
      if (!isRequestPlacement(value as Placement)) {
        context.addIssue(`an HTTP call can't carry a credential in ${value.in}: use header, query, cookie or basic`);
        return;
      }
      const problem = problemOf(value as Placement);
      if (problem !== undefined) context.addIssue(problem);
    }),
  );

const headers = z.record(z.string(), z.string()).check(
  z.superRefine((value, context) => {
    for (const [header, content] of Object.entries(value)) {
      const problem = companionProblem(header, content);
      if (problem !== undefined)
        context.addIssue({ code: 'custom', message: problem, path: [header], input: undefined });
    }
  }),
);

function companionProblem(header: string, content: string): string | undefined {
  if (!isHeaderName(header)) return 'a header name must be a token (RFC 9110 §5.6.2)';
  if (isFramingHeader(header)) return `${header} frames or routes the message and can't be a constant companion`;
  if (/^(authorization|cookie)$/i.test(header)) return `${header} carries credentials: use a placement instead`;
  return isHeaderValue(content) ? undefined : 'not a header value (RFC 9110 §5.5)';
}

const store = z.custom<Store>(
  (value) => typeof (value as Partial<Store> | undefined)?.get === 'function',
  'must be a store, or the name of one',
);

const providerSchema = closed({
  name,
  uses: z.optional(text),
  source: z.optional(
    z.custom<(...args: never[]) => unknown>((value) => typeof value === 'function', 'must be a function'),
  ),
  store: z.optional(z.union([text, store])),
  secretName: z.optional(text),
  placement: z.optional(z.union([placement, z.array(placement).check(z.minLength(1))])),
  alternatives: z.optional(z.array(placement)),
  with: z.optional(z.array(name)),
  destinations: z.optional(z.array(text)),
  baseUrl: z.optional(text),
  headers: z.optional(headers),
  environmentVariable: z.optional(z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be a variable name'))),
  shape: z.optional(
    closed({
      prefix: z.optional(z.string()),
      suffix: z.optional(z.string()),
      length: z.optional(z.int().check(z.positive())),
      alphabet: z.optional(text),
      jwt: z.optional(z.boolean()),
    }),
  ),
  check: z.optional(closed({ method: z.optional(text), path: text })),
  allowShortSecret: z.optional(z.boolean()),
});

const duration = z.number().check(z.nonnegative());

const cacheSchema = closed({
  ttlMs: z.optional(duration),
  staleIfErrorMs: z.optional(duration),
  negativeTtlMs: z.optional(duration),
});

export const registrySchema = closed({
  providers: z.array(providerSchema),
  stores: z.optional(z.record(z.string(), store)),
  audit: z.optional(
    z.custom<(...args: never[]) => unknown>((value) => typeof value === 'function', 'must be a function'),
  ),
  cache: z.optional(z.union([z.literal(false), cacheSchema])),
  resolveTimeoutMs: z.optional(z.number().check(z.positive())),
  now: z.optional(z.custom<() => number>((value) => typeof value === 'function', 'must be a function')),
});

export const configSchema = closed({
  $schema: z.optional(z.string()),
  stores: z.optional(z.record(z.string(), z.looseObject({ kind: text }))),
  providers: z.array(providerSchema),
  audit: z.optional(closed({ file: text })),
  cache: z.optional(z.union([z.literal(false), cacheSchema])),
});

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
