import * as z from 'zod/mini';
import { parsePathPattern } from '../destination/path-pattern.js';
import { findClavigerError, type Issue } from '../errors.js';
import { didYouMean } from '../internal/near-names.js';
import { assertValid, closed, configInvalid } from '../internal/validation.js';
import type { AccessDefinitions, App } from './definitions.js';

/** Names stand in lines of audit and of listings: nothing that could break one. */
const name = z
  .string()
  .check(z.regex(/^[^\p{C}\p{Zl}\p{Zp}]{1,128}$/u, 'must be 1 to 128 characters without control characters'));
const hash = z.string().check(z.regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex'));
const keyStatus = z.enum(['approved', 'pending', 'revoked']);

const resource = z.string().check(
  z.superRefine((value, context) => {
    try {
      parsePathPattern(value);
    } catch (error) {
      const own = findClavigerError(error);
      if (own === undefined) throw error;
      context.addIssue(own.message);
    }
  }),
);

const method = z.string().check(
  z.regex(/^[A-Z][A-Z0-9_-]*$/, 'must be a method in upper case'),
  z.refine((value) => !/^(TRACE|TRACK|CONNECT)$/.test(value), 'a credential never goes with this method'),
);

/** RFC 6749 §3.3. */
const scope = z.string().check(z.regex(/^[!#-[\]-~]+$/, 'must be a scope without blanks'));

const whole = z.int('must be a whole number').check(z.positive('must be above 0'));

const product = closed({
  name,
  providers: z.array(name),
  resources: z.array(resource),
  methods: z.optional(z.array(method)),
  scopes: z.optional(z.array(scope)),
  quota: z.optional(
    closed({
      limit: z.int('must be a whole number').check(z.nonnegative('must not be below 0')),
      interval: whole,
      unit: z.enum(['second', 'minute', 'hour', 'day', 'month']),
    }),
  ),
  approval: z.optional(z.enum(['auto', 'manual'])),
});

const developer = closed({ name, status: z.optional(z.enum(['active', 'inactive'])) });

const keyRecord = closed({
  id: z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must match [A-Za-z0-9][A-Za-z0-9._-]{0,63}')),
  sha256: hash,
  secretSha256: z.optional(hash),
  status: z.optional(keyStatus),
  expiresAt: z.optional(z.string().check(z.refine(isDate, 'must be a date and time: 2027-01-31T12:00:00Z'))),
  products: z.array(closed({ name, status: z.optional(keyStatus) })),
});

const app = closed({
  name,
  developer: z.optional(name),
  status: z.optional(z.enum(['approved', 'revoked'])),
  keys: z.optional(z.array(keyRecord)),
});

const shape = {
  products: z.optional(z.array(product)),
  developers: z.optional(z.array(developer)),
  apps: z.optional(z.array(app)),
};

const definitionsSchema = closed(shape);

/** The same with what a config file says beside it. */
export const accessConfigSchema = closed({
  ...shape,
  state: z.optional(closed({ kind: z.literal('file'), path: z.optional(z.string().check(z.minLength(1))) })),
  quotaFailure: z.optional(z.enum(['closed', 'open'])),
});

/** What of other definitions may be named. */
export interface KnownNames {
  readonly products: Iterable<string>;
  readonly developers: Iterable<string>;
}

/**
 * Checks definitions, one by one and together.
 *
 * @throws ClavigerError `ERR_CONFIG_INVALID` with every finding
 */
export function assertDefinitions(definitions: AccessDefinitions, what: string, others?: KnownNames): void {
  assertValid(definitionsSchema, definitions, what);
  const { products = [], developers = [], apps = [] } = definitions;
  const known = {
    products: new Set([...products.map((each) => each.name), ...(others?.products ?? [])]),
    developers: new Set([...developers.map((each) => each.name), ...(others?.developers ?? [])]),
  };
  const issues = [...twice('products', products), ...twice('developers', developers), ...twice('apps', apps)];
  const ids = new Set<string>();
  const hashes = new Set<string>();
  apps.forEach((each, index) => issues.push(...appIssues(each, `apps[${index}]`, known, ids, hashes)));
  if (issues.length > 0) throw configInvalid(what, issues);
}

function appIssues(
  { developer: owner, keys = [] }: App,
  path: string,
  known: { products: Set<string>; developers: Set<string> },
  ids: Set<string>,
  hashes: Set<string>,
): Issue[] {
  const issues: Issue[] = [];
  if (owner !== undefined && !known.developers.has(owner)) {
    const message = `no developer is named "${owner}"${didYouMean(owner, known.developers)}`;
    issues.push({ path: `${path}.developer`, message });
  }
  keys.forEach(({ id, sha256, products }, index) => {
    const here = `${path}.keys[${index}]`;
    if (ids.has(id)) issues.push({ path: `${here}.id`, message: `a key with the id "${id}" is there already` });
    if (hashes.has(sha256)) issues.push({ path: `${here}.sha256`, message: 'this key is there already' });
    ids.add(id);
    hashes.add(sha256);
    issues.push(
      ...unknownProducts(
        products.map((each) => each.name),
        known.products,
        `${here}.products`,
        '.name',
      ),
    );
  });
  return issues;
}

/** Findings for names of products that are not there, or stand there twice. */
export function unknownProducts(
  names: readonly string[],
  known: ReadonlySet<string>,
  path: string,
  suffix = '',
): Issue[] {
  return names.flatMap((wanted, position): Issue[] => {
    const here = `${path}[${position}]${suffix}`;
    if (names.indexOf(wanted) !== position) return [{ path: here, message: `"${wanted}" stands here twice` }];
    if (known.has(wanted)) return [];
    return [{ path: here, message: `no product is named "${wanted}"${didYouMean(wanted, known)}` }];
  });
}

function twice(kind: string, all: readonly { name: string }[]): Issue[] {
  const seen = new Set<string>();
  return all.flatMap(({ name: each }, index): Issue[] => {
    if (seen.has(each)) return [{ path: `${kind}[${index}].name`, message: `"${each}" is there already` }];
    seen.add(each);
    return [];
  });
}

/** A date that is a moment: without a zone it would mean another one on each machine. */
function isDate(text: string): boolean {
  return (
    /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text) && !Number.isNaN(Date.parse(text))
  );
}
