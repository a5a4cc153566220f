import { isDeepStrictEqual } from 'node:util';
import { catalogEntry } from '../../catalog/index.js';
import { Secret, type LoadedConfig, type ProviderDefinition } from '../../index.js';
import type { KeyUse } from '../../mcp-clients/entry-plan.js';
import { looksLikeValue } from '../looks-like-value.js';
import type { StoredKey } from './stored-keys.js';

/** A key that was found, under the names that it gets. */
export interface NamedCredential {
  readonly secret: Secret;
  readonly storeName: string;
  readonly secretName: string;
  /** Whether a stored credential has this value already. */
  readonly stored: boolean;
  readonly definitions: readonly ProviderDefinition[];
}

export interface Naming {
  readonly credentials: ReadonlyMap<string, NamedCredential>;
  nameOf(use: KeyUse): string;
}

/** A use, and the server that it belongs to. */
interface NamedUse {
  readonly use: KeyUse;
  readonly server: string;
}

/**
 * One credential for each value, whoever has it: the name of the catalog's provider, else that of the server. Every way
 * in which it is placed is a provider of its own, since that is what a provider says.
 */
export function nameCredentials(
  uses: readonly NamedUse[],
  { options }: LoadedConfig,
  stored: readonly StoredKey[],
): Naming {
  const taken = new Set([...options.providers.map(({ name }) => name), ...stored.map(({ name }) => name)]);
  const names = new Map<KeyUse, string>();
  const credentials = new Map<string, NamedCredential>();
  const groups = [...new Set(uses.map(({ use }) => use.secret))].map((secret) =>
    uses.filter(({ use }) => use.secret === secret),
  );
  const known = { all: uses, options, stored, taken, names };
  // First all names, since a definition may name another beside which its key goes.
  const planned = groups.map((group) => ({ group, ...planGroup(group, known) }));
  for (const { group, secretName, storeName, isStored, providers } of planned) {
    const secret = group[0]?.use.secret ?? '';
    const definitions = providers.map(({ name, of }) => definitionOf(name, secretName, of, names));
    credentials.set(secret, { secret: Secret.from(secret), storeName, secretName, stored: isStored, definitions });
  }
  return { credentials, nameOf: (use) => names.get(use) ?? '' };
}

interface PlannedProvider {
  readonly name: string;
  readonly of: readonly NamedUse[];
}

interface Known {
  readonly all: readonly NamedUse[];
  readonly options: LoadedConfig['options'];
  readonly stored: readonly StoredKey[];
  readonly taken: Set<string>;
  readonly names: Map<KeyUse, string>;
}

interface PlannedGroup {
  readonly storeName: string;
  readonly secretName: string;
  readonly isStored: boolean;
  readonly providers: readonly PlannedProvider[];
}

function planGroup(group: readonly NamedUse[], { all, options, stored, taken, names }: Known): PlannedGroup {
  const secret = group[0]?.use.secret ?? '';
  const same = stored.filter((one) => one.secret.equals(Secret.from(secret)));
  const fresh = group.filter(({ use }) => {
    const found = same.find(({ name }) => serves(options, name, use));
    if (found !== undefined) names.set(use, found.name);
    return found === undefined;
  });
  const base = baseName(group, all);
  const providers = ways(fresh).map((of) => {
    const name = freeName(base, taken);
    for (const { use } of of) names.set(use, name);
    return { name, of };
  });
  // Stored without destinations, it may be used by a further provider; else it is bound to those it has.
  const shared = same.find(({ storeName, destinations }) => storeName === 'default' && destinations === undefined);
  return {
    storeName: (providers.length === 0 ? same[0]?.storeName : undefined) ?? 'default',
    secretName: shared?.secretName ?? providers[0]?.name ?? same[0]?.secretName ?? base,
    isStored: providers.length === 0 || shared !== undefined,
    providers,
  };
}

/** Whether a provider that is defined already does for a use. */
function serves({ providers }: LoadedConfig['options'], name: string, { request }: KeyUse): boolean {
  const definition = providers.find((provider) => provider.name === name);
  if (definition === undefined) return false;
  if (request === undefined) return true;
  return (
    isDeepStrictEqual(definition.placement, request.placement) &&
    isDeepStrictEqual({ ...definition.headers }, { ...request.headers }) &&
    definition.destinations?.includes(destinationOf(request.url)) === true &&
    definition.with === undefined &&
    request.with.length === 0
  );
}

/** The uses that one provider can serve: all processes, and the requests that are made alike. */
function ways(uses: readonly NamedUse[]): NamedUse[][] {
  const byWay = new Map<string, NamedUse[]>();
  for (const each of uses) {
    const { request } = each.use;
    const way = JSON.stringify(
      request && [request.placement, request.headers, request.with.map(({ secret }) => secret)],
    ) as string | undefined;
    byWay.set(way ?? '', [...(byWay.get(way ?? '') ?? []), each]);
  }
  const processes = byWay.get('') ?? [];
  const [first, ...rest] = [...byWay].filter(([way]) => way !== '').map(([, of]) => of);
  if (processes.length === 0) return first === undefined ? [] : [first, ...rest];
  // One that the catalog describes keeps to its own destinations; any other can say both.
  if (first === undefined || catalogId(processes) !== undefined) return [processes, ...(first ? [first] : []), ...rest];
  return [[...processes, ...first], ...rest];
}

function definitionOf(
  name: string,
  secretName: string,
  of: readonly NamedUse[],
  names: ReadonlyMap<KeyUse, string>,
): ProviderDefinition {
  const requests = of.flatMap(({ use }) => (use.request === undefined ? [] : [use.request]));
  // One that holds more than the key is not where a server reads the key from.
  const variable = of.find(({ use: { variable, key, secret } }) => {
    return variable !== undefined && (key.text === secret || key.place === 'argument');
  })?.use.variable;
  const uses = requests.length === 0 ? catalogId(of) : undefined;
  const [request] = requests;
  const destinations = [...new Set(requests.map(({ url }) => destinationOf(url)))];
  const along = request?.with.map((use) => names.get(use) ?? '') ?? [];
  return {
    name,
    ...(uses !== undefined && { uses }),
    ...(secretName !== name && { secretName }),
    ...(destinations.length > 0 && { destinations }),
    ...(request !== undefined && { placement: request.placement }),
    ...(request !== undefined && Object.keys(request.headers).length > 0 && { headers: { ...request.headers } }),
    ...(along.length > 0 && { with: along }),
    ...(uses === undefined && variable !== undefined && { environmentVariable: variable }),
  };
}

/** The catalog's provider, where it needs nothing more to be told. */
function catalogId(of: readonly NamedUse[]): string | undefined {
  const id = of.find(({ use }) => use.key.provider !== undefined)?.use.key.provider;
  const entry = id === undefined ? undefined : catalogEntry(id);
  return entry === undefined || entry.fill !== undefined ? undefined : id;
}

function destinationOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname.replace(/\/$/, '')}/**`;
}

function baseName(group: readonly NamedUse[], all: readonly NamedUse[]): string {
  const provider = group.find(({ use }) => use.request === undefined && use.key.provider !== undefined)?.use.key
    .provider;
  const [first] = group;
  if (provider !== undefined) return provider;
  if (first === undefined) return 'key';
  const others = all.some(({ use, server }) => server === first.server && use.secret !== first.use.secret);
  const part = first.use.variable ?? first.use.key.name;
  return slug(others && part !== undefined ? `${first.server}-${part}` : first.server);
}

function freeName(base: string, taken: Set<string>): string {
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base}-${number}`;
    if (taken.has(name)) continue;
    taken.add(name);
    return name;
  }
}

function slug(text: string): string {
  const plain = text
    .toLowerCase()
    .replace(/[^a-z0-9._:-]+/g, '-')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
    .slice(0, 48);
  return plain === '' || looksLikeValue(plain) ? 'key' : plain;
}
