import { destinationsOf, parseBaseUrl, parseDestination, type Destination } from '../destination/destination.js';
import { findClavigerError, type Issue } from '../errors.js';
import { didYouMean } from '../internal/near-names.js';
import { configInvalid } from '../internal/validation.js';
import { bearer, type RequestPlacement } from '../placement/placement.js';
import type { Store } from '../stores/store.js';
import { applyCatalog } from './apply-catalog.js';
import type { Origin, Provider, ProviderDefinition } from './provider.js';

/** Named stores; the one called `default` may be made on first use. */
export interface NamedStores {
  readonly names: readonly string[];
  get(name: string): Store | undefined;
}

/**
 * Turns checked definitions into providers, and checks what spans several of them.
 *
 * @throws ClavigerError `ERR_CONFIG_INVALID` with every finding.
 */
export function compileProviders(
  definitions: readonly ProviderDefinition[],
  stores: NamedStores,
): Map<string, Provider> {
  const issues: Issue[] = [];
  const providers = new Map<string, Provider>();
  definitions.forEach((definition, index) => {
    const path = `providers[${index}]`;
    if (providers.has(definition.name)) {
      issues.push({ path: `${path}.name`, message: `a provider named "${definition.name}" is there already` });
      return;
    }
    providers.set(definition.name, compile(applyCatalog(definition, path, issues), path, stores, issues));
  });
  definitions.forEach((definition, index) => {
    (definition.with ?? []).forEach((companion, position) => {
      if (providers.has(companion) && companion !== definition.name) return;
      const message = `no other provider is named "${companion}"${didYouMean(companion, providers.keys())}`;
      issues.push({ path: `providers[${index}].with[${position}]`, message });
    });
  });
  if (issues.length > 0) throw configInvalid('the registry', issues);
  return providers;
}

function compile(definition: ProviderDefinition, path: string, stores: NamedStores, issues: Issue[]): Provider {
  const placement = definition.placement ?? bearer();
  const baseUrl = checked(() => baseUrlOf(definition.baseUrl), `${path}.baseUrl`, issues);
  return {
    name: definition.name,
    definition: Object.freeze({ ...definition }),
    origin: originOf(definition, path, stores, issues),
    placements: [placement].flat().map((one) => Object.freeze({ ...one }) as RequestPlacement),
    companions: [...(definition.with ?? [])],
    destinations: destinations(definition, baseUrl, path, issues),
    baseUrl,
    headers: Object.entries(definition.headers ?? {}),
    allowShortSecret: definition.allowShortSecret ?? false,
    slots: new Map(),
  };
}

function originOf(definition: ProviderDefinition, path: string, stores: NamedStores, issues: Issue[]): Origin {
  const name = definition.secretName ?? definition.name;
  const { source, store } = definition;
  if (source !== undefined) {
    if (store !== undefined) issues.push({ path: `${path}.store`, message: 'give a source or a store, not both' });
    return { source, name, label: `source of ${definition.name}` };
  }
  if (typeof store === 'object') return { store, name, label: `${store.kind} store` };
  const wanted = store ?? 'default';
  const found = stores.get(wanted);
  if (found === undefined) {
    const message = `no store is named "${wanted}"${didYouMean(wanted, stores.names)}`;
    issues.push({ path: store === undefined ? path : `${path}.store`, message });
    return { source: () => undefined, name, label: wanted };
  }
  return { store: found, name, label: `store "${wanted}"` };
}

function destinations(
  definition: ProviderDefinition,
  baseUrl: string | undefined,
  path: string,
  issues: Issue[],
): Destination[] | undefined {
  if (definition.destinations === undefined) {
    return baseUrl === undefined ? undefined : checked(() => destinationsOf(baseUrl), `${path}.baseUrl`, issues);
  }
  return definition.destinations.flatMap((text, index) => {
    const destination = checked(() => parseDestination(text), `${path}.destinations[${index}]`, issues);
    return destination === undefined ? [] : [destination];
  });
}

/** Without the slash at its end, so that a path can be appended. */
function baseUrlOf(baseUrl: string | undefined): string | undefined {
  return baseUrl === undefined ? undefined : parseBaseUrl(baseUrl).href.replace(/\/$/, '');
}

/** Runs one check; its finding joins the others. */
function checked<T>(check: () => T, path: string, issues: Issue[]): T | undefined {
  try {
    return check();
  } catch (error) {
    const own = findClavigerError(error);
    if (own === undefined) throw error;
    if (!issues.some((issue) => issue.path === path)) issues.push({ path, message: own.message });
    return undefined;
  }
}
