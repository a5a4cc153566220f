import { catalogEntries, type CatalogEntry } from '../catalog/index.js';
import type { RequestPlacement } from '../placement/placement.js';

/** What a name says of what stands there. */
export interface NamedPlace {
  /** Whether keys of the catalog's providers go there. */
  readonly known: boolean;
  /** The only provider whose key goes there. */
  readonly entry?: CatalogEntry;
}

const nowhere: NamedPlace = { known: false };

/** Whether a variable, flag, header, parameter or property of that name usually holds a secret. */
export function isSecretName(name: string): boolean {
  const words = wordsOf(name);
  while (
    words.length > 1 &&
    /^(?:\d+|value|v\d+|prod|production|dev|test|live|staging|default)$/.test(words.at(-1) ?? '')
  )
    words.pop();
  const last = words.at(-1) ?? '';
  if (last === 'key' || last === 'keys') return words.length === 1 || !publicKeys.has(words.at(-2) ?? '');
  if (
    /^(?:token|secret|password|passwd|passphrase|pwd|pass|pat|bearer|credential|credentials|authorization|auth)$/.test(
      last,
    )
  )
    return !/^(?:next|page|continuation|csrf|cancellation|cancel|sync|cursor)$/.test(words.at(-2) ?? '');
  return /(?:api|access|auth|secret|private|subscription|license|account|signing|encryption|master)key$|(?:auth|access|api|bearer|refresh|bot|secret|session|id)token$|(?:client|api|app|webhook|signing)secret$|(?:db|user|admin|root)(?:password|passwd|pwd|pass)$/.test(
    last,
  );
}

/** Whether what stands under that name is the path of a file, which keys are in, and not a key. */
export function isPathName(name: string): boolean {
  return /^(?:files?|paths?|dirs?|directory|folder|filename)$/.test(wordsOf(name).at(-1) ?? '');
}

/** By the name of a variable or of a flag: `GITHUB_TOKEN`, `--firecrawl-api-key`. */
export function placeByVariable(name: string): NamedPlace {
  const entry = tables().variables.get(variableForm(name));
  return entry === undefined ? nowhere : { known: true, entry };
}

/** By a header's name, and the host where that is known: many providers share `Authorization` and `X-API-Key`. */
export function placeByHeader(name: string, host?: string): NamedPlace {
  return single(tables().headers.get(name.toLowerCase()), host);
}

/** By a query parameter's name at a host: alone, `key` says nothing. */
export function placeByQuery(name: string, host?: string): NamedPlace {
  if (host === undefined) return nowhere;
  const place = single(tables().queries.get(name.toLowerCase()), host);
  return place.entry === undefined ? nowhere : place;
}

/** The provider whose API is at that host, or at another of the same domain where nobody else's is. */
export function entryByHost(host: string): CatalogEntry | undefined {
  const name = host.toLowerCase().replace(/:\d+$/, '');
  const { hosts, domains } = tables();
  return hosts.get(name) ?? domains.get(domainOf(name)) ?? undefined;
}

/** What stands before the key in the headers of the catalog's providers: `Bearer `, `Token token=`. */
export function headerPrefixes(): readonly string[] {
  return tables().prefixes;
}

const publicKeys = new Set(
  (
    'public publishable publish primary foreign sort partition cache index object map row hot shortcut group idempotency host ' +
    'lookup storage query routing dedup dedupe translation i18n react anon site issue project jira sorting order registry'
  ).split(' '),
);

function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

const variableForm = (name: string) => wordsOf(name).join('_').toUpperCase();

function single(entries: readonly CatalogEntry[] | undefined, host: string | undefined): NamedPlace {
  if (entries === undefined) return nowhere;
  const there = host === undefined ? undefined : entryByHost(host);
  if (there !== undefined && entries.includes(there)) return { known: true, entry: there };
  const [only, ...others] = entries;
  return only !== undefined && others.length === 0 && host === undefined
    ? { known: true, entry: only }
    : { known: true };
}

interface Tables {
  readonly variables: ReadonlyMap<string, CatalogEntry>;
  readonly headers: ReadonlyMap<string, CatalogEntry[]>;
  readonly queries: ReadonlyMap<string, CatalogEntry[]>;
  readonly hosts: ReadonlyMap<string, CatalogEntry>;
  /** Without an entry where more than one provider has an API in a domain. */
  readonly domains: ReadonlyMap<string, CatalogEntry | undefined>;
  readonly prefixes: readonly string[];
}

let made: Tables | undefined;

function tables(): Tables {
  return (made ??= makeTables());
}

function makeTables(): Tables {
  const variables = new Map<string, CatalogEntry>();
  const headers = new Map<string, CatalogEntry[]>();
  const queries = new Map<string, CatalogEntry[]>();
  const hosts = new Map<string, CatalogEntry>();
  const domains = new Map<string, CatalogEntry | undefined>();
  const prefixes = new Set<string>();
  for (const entry of catalogEntries()) {
    for (const name of [entry.environmentVariable, ...(entry.otherVariables ?? [])])
      variables.set(variableForm(name), entry);
    for (const placement of placementsOf(entry)) {
      if (placement.in === 'header' && placement.prefix !== undefined) prefixes.add(placement.prefix);
      if (placement.in === 'header') push(headers, placement.name.toLowerCase(), entry);
      if (placement.in === 'query') push(queries, placement.name.toLowerCase(), entry);
    }
    for (const host of hostsOf(entry)) {
      if (!hosts.has(host)) hosts.set(host, entry);
      const domain = domainOf(host);
      domains.set(domain, domains.has(domain) && domains.get(domain) !== entry ? undefined : entry);
    }
  }
  return { variables, headers, queries, hosts, domains, prefixes: [...prefixes] };
}

function placementsOf({ placement, alternatives = [] }: CatalogEntry): RequestPlacement[] {
  return [placement, alternatives].flat();
}

function hostsOf({ baseUrl, destinations }: CatalogEntry): string[] {
  return [baseUrl, ...destinations]
    .map((address) => /https:\/\/(?:\*\.)?([^/{}]+)/.exec(address)?.[1]?.toLowerCase())
    .filter((host) => host !== undefined);
}

/** The last two labels; a domain under which everybody can have a name is shared by its very nature, and so never single. */
function domainOf(host: string): string {
  return host.split('.').slice(-2).join('.');
}

function push(map: Map<string, CatalogEntry[]>, name: string, entry: CatalogEntry): void {
  const list = map.get(name);
  if (list === undefined) map.set(name, [entry]);
  else if (!list.includes(entry)) list.push(entry);
}
