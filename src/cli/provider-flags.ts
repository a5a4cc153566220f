import { catalogEntries, catalogEntry, type CatalogEntry } from '../catalog/index.js';
import { ClavigerError } from '../errors.js';
import type { ProviderDefinition, RequestPlacement } from '../index.js';
import { didYouMean } from '../internal/near-names.js';
import { usageError } from './command-error.js';
import type { OptionSpecs, OptionValues } from './command.js';
import { shownName } from './looks-like-value.js';

/** What describes a provider on the command line. */
export const providerFlags = {
  header: { type: 'string', value: 'NAME', help: 'the key goes into this header' },
  prefix: { type: 'string', value: 'P', help: 'with --header: what stands before the key, blanks too: "Token "' },
  query: { type: 'string', value: 'NAME', help: 'into this query parameter' },
  cookie: { type: 'string', value: 'NAME', help: 'into this cookie' },
  bearer: { type: 'boolean', help: 'into "Authorization: Bearer …" (the default)' },
  basic: { type: 'boolean', help: 'into HTTP Basic, as the password' },
  'base-url': { type: 'string', value: 'URL', help: 'where the API is; the key may go below it' },
  destination: {
    type: 'string',
    multiple: true,
    value: 'DEST',
    help: 'where the key may go, instead of all below the base URL: "[METHODS ]https://host/path/**"',
  },
  env: { type: 'string', value: 'VAR', help: 'the variable that tools read this key from' },
  store: { type: 'string', value: 'NAME', help: 'where the key rests (default: the store "default")' },
  'secret-name': { type: 'string', value: 'NAME', help: 'its name there (default: the name of the provider)' },
  set: {
    type: 'string',
    multiple: true,
    value: 'NAME=VALUE',
    help: 'fills in {NAME} of a catalog entry: --set site=acme',
  },
} as const satisfies OptionSpecs;

export type ProviderFlags = OptionValues<typeof providerFlags>;

/** The catalog entry that a word means; undefined when the flags describe a provider of their own. */
export function entryFor(word: string, flags: ProviderFlags): CatalogEntry | undefined {
  const entry = catalogEntry(word);
  if (entry !== undefined) return entry;
  if (flags['base-url'] !== undefined || flags.destination.length > 0 || flags.env !== undefined) return undefined;
  const near = didYouMean(
    word,
    catalogEntries().map(({ id }) => id),
  );
  throw new ClavigerError(
    'ERR_PROVIDER_NOT_FOUND',
    `the catalog does not know ${shownName(word)}${near}: see "claviger providers", ` +
      'or describe it, as in --base-url https://api.example.com --header X-API-Key',
  );
}

/** What goes into the config file: the catalog entry by name, and whatever differs from it. */
export function definitionOf(
  name: string,
  entry: CatalogEntry | undefined,
  flags: ProviderFlags,
  filled: Readonly<Record<string, string>>,
): ProviderDefinition {
  const placement = placementOf(flags);
  return {
    name,
    ...(entry !== undefined && { uses: entry.id }),
    ...(entry?.fill !== undefined && fill(entry, filled)),
    ...(flags['base-url'] !== undefined && { baseUrl: flags['base-url'] }),
    ...(flags['base-url'] !== undefined && entry?.fill !== undefined && { destinations: [`${flags['base-url']}/**`] }),
    ...(placement !== undefined && { placement }),
    ...(flags.destination.length > 0 && { destinations: [...flags.destination] }),
    ...(flags.env !== undefined && { environmentVariable: flags.env }),
    ...(flags.store !== undefined && { store: flags.store }),
    ...(flags['secret-name'] !== undefined && { secretName: flags['secret-name'] }),
  };
}

/** `--set` as pairs. @throws CommandError 2 */
export function pairsOf(flags: ProviderFlags, entry: CatalogEntry | undefined): Record<string, string> {
  const known = Object.keys(entry?.fill ?? {});
  return Object.fromEntries(
    flags.set.map((pair) => {
      const [, name = '', value = ''] = /^(\w+)=(.*)$/s.exec(pair) ?? [];
      if (known.includes(name)) return [name, checkedFill(entry, name, value)];
      throw usageError(
        known.length === 0
          ? '--set has nothing to fill in here'
          : `--set takes ${known.map((one) => `${one}=…`).join(' or ')}`,
      );
    }),
  );
}

/**
 * A value for a name in braces. Where it is one label of a host it must be one, so that the key stays with the vendor;
 * where it is the whole host, a host with its port.
 */
export function checkedFill(entry: CatalogEntry | undefined, name: string, value: string): string {
  const wholeHost = entry?.baseUrl.includes(`//{${name}}/`) === true || entry?.baseUrl.endsWith(`//{${name}}`) === true;
  const valid = wholeHost
    ? /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?$/i.test(value) && !value.includes('..')
    : /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i.test(value);
  if (valid) return value;
  throw usageError(`${name} must be ${wholeHost ? 'a host name, with its port if any' : 'letters, digits and "-"'}`);
}

function fill({ baseUrl, destinations, headers }: CatalogEntry, filled: Readonly<Record<string, string>>) {
  const replace = (text: string) => text.replace(/\{(\w+)\}/g, (whole, name: string) => filled[name] ?? whole);
  return {
    baseUrl: replace(baseUrl),
    destinations: destinations.map(replace),
    ...(headers !== undefined && {
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, replace(value)])),
    }),
  };
}

function placementOf(flags: ProviderFlags): RequestPlacement | undefined {
  const { header, prefix, query, cookie, bearer, basic } = flags;
  const given = Object.entries({ header, query, cookie, bearer: bearer || undefined, basic: basic || undefined })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => `--${name}`);
  if (given.length > 1) throw usageError(`${given.join(' and ')} exclude each other`);
  if (prefix !== undefined && header === undefined) throw usageError('--prefix goes with --header');
  if (header !== undefined)
    return prefix === undefined ? { in: 'header', name: header } : { in: 'header', name: header, prefix };
  if (query !== undefined) return { in: 'query', name: query };
  if (cookie !== undefined) return { in: 'cookie', name: cookie };
  if (basic) return { in: 'basic' };
  return bearer ? { in: 'header', name: 'Authorization', prefix: 'Bearer ' } : undefined;
}
