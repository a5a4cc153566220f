import type { AuditEvent } from '../audit/event.js';
import { ClavigerError } from '../errors.js';
import type { ProviderDefinition } from '../registry/provider.js';
import type { Registry } from '../registry/registry-contract.js';
import { createRegistry, type RegistryOptions } from '../registry/registry.js';
import { FakeStore, type FakeFailure } from './fake-store.js';

/** A provider as in the real registry; its secret is made up unless given. */
export type FakeProvider = Omit<ProviderDefinition, 'name' | 'source' | 'store' | 'secretName'> & { secret?: string };

/** Caching is off unless given: what a switch does then shows at the next use. */
export type FakeRegistryOptions = Omit<RegistryOptions, 'providers' | 'stores' | 'now'>;

/** A registry that a test steers. All else about it is real: placements, destinations, access, redaction, refresh. */
export interface FakeRegistry<Name extends string = string> extends Registry {
  /** Every audit event so far. */
  readonly events: readonly AuditEvent[];
  /** The current secret, to assert that it arrived. */
  secret(provider: Name, account?: string): string;
  /** Every secret there has been, rotated ones included, to assert that none is elsewhere. */
  secrets(): string[];
  /** A new version of the credential of a provider, of all its accounts; gives the new secret. */
  rotate(provider: Name, secret?: string): string;
  /** From now on its credential can't be had, for this reason. */
  fail(provider: Name, code: FakeFailure): void;
  /** It can be had again. The clock goes on by the seconds for which a store that failed often is not asked. */
  recover(provider: Name): void;
  /** The clock of the registry, which stands still otherwise, goes on: for caches, and for access rules that share it. */
  advance(ms: number): void;
  /** That clock, for `createAccess({ now })`. */
  now(): number;
}

/** Longer than a breaker stays open. */
const RECOVERY_MS = 10_000;

/**
 * A registry for tests of code that uses one: secrets that are fixed and stand for nothing, audit events written down, and
 * switches for what happens to real ones.
 *
 * @param providers By name: a secret, or a definition with or without one. A secret that is made up is the same in every run
 * (`fake-secret-of-github-v1`).
 *
 * @example
 * const registry = fakeRegistry({ github: { uses: 'github' } });
 * const result = await listIssues(registry.auth('github'));
 * expectNoLeak([result, logged], registry.secret('github'));
 *
 * registry.fail('github', 'ERR_STORE_LOCKED');
 * await assert.rejects(listIssues(registry.auth('github')), { code: 'ERR_STORE_LOCKED' });
 */
export function fakeRegistry<const Name extends string>(
  providers: Readonly<Record<Name, string | FakeProvider>>,
  options: FakeRegistryOptions = {},
): FakeRegistry<Name> {
  const events: AuditEvent[] = [];
  const stores = new Map<string, FakeStore>();
  let time = Date.UTC(2030, 0);
  const now = () => time;
  const registry = createRegistry({
    cache: false,
    ...options,
    now,
    providers: Object.entries<string | FakeProvider>(providers).map(([name, given]) => {
      const { secret, ...definition } = typeof given === 'string' ? { secret: given } : given;
      const store = new FakeStore(name, secret);
      stores.set(name, store);
      return { name, ...definition, store };
    }),
    audit: (event) => {
      events.push(event);
      return options.audit?.(event);
    },
  });
  const storeOf = (provider: Name): FakeStore => {
    const store = stores.get(provider);
    if (store !== undefined) return store;
    const message = `the fake registry has no provider "${provider}": name it when it is made`;
    throw new ClavigerError('ERR_PROVIDER_NOT_FOUND', message, { provider });
  };
  return Object.assign(registry, {
    events,
    now,
    secret: (provider: Name, account?: string) => storeOf(provider).current(account).secret.reveal(),
    secrets: () => [...stores.values()].flatMap((store) => [...store.secrets]),
    rotate: (provider: Name, secret?: string) => storeOf(provider).rotate(secret),
    fail: (provider: Name, code: FakeFailure) => void (storeOf(provider).failure = code),
    recover: (provider: Name) => {
      storeOf(provider).failure = undefined;
      time += RECOVERY_MS;
    },
    advance: (ms: number) => void (time += ms),
  });
}
