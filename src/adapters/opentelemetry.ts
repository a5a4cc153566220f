import { expectListeners } from '../http/listeners.js';
import { queryName } from '../placement/apply-to-request.js';
import { livingRegistries } from '../registry/living-registries.js';
import type { Registry } from '../registry/registry-contract.js';

/** Attributes of a span that take the place of those that an instrumentation would record. */
export type RedactedAttributes = Record<string, string>;

/** Fits the options of OpenTelemetry's `UndiciInstrumentation` and of its `HttpInstrumentation`. */
export interface RedactingHooks {
  /** For `UndiciInstrumentation`: undici, `fetch`, and what `createFetch` and `createAgent` send. */
  startSpanHook(request: { readonly origin: string; readonly path: string }): RedactedAttributes;
  /** For `HttpInstrumentation`: `node:http` and `node:https`, and with them axios and got. */
  startOutgoingSpanHook(request: OutgoingRequest): RedactedAttributes;
  /** For `HttpInstrumentation`: servers of this process, of which a broker is one. */
  startIncomingSpanHook(request: { readonly url?: string | undefined }): RedactedAttributes;
}

/** What is read of the options of `http.request`. */
export interface OutgoingRequest {
  readonly protocol?: string | null | undefined;
  readonly host?: string | null | undefined;
  readonly hostname?: string | null | undefined;
  readonly port?: number | string | null | undefined;
  readonly path?: string | null | undefined;
}

/**
 * Hooks that keep credentials out of the URLs that OpenTelemetry's HTTP instrumentations record: a query credential is
 * part of the URL that is sent, so it stands in `url.full` and `url.query` without them. They act before the span begins, so
 * that samplers and processors don't see it either.
 *
 * The value of each query parameter that a provider places its credential in becomes `REDACTED`, and any secret that a
 * registry has handed out `[secret]`, wherever in the URL. A URL with neither is recorded as ever. Headers are recorded only
 * where `headersToSpanAttributes` names them: don't name one that a credential goes into.
 *
 * @param registry Default: every registry of this process, also those that are made later, so that the hooks can be set up
 * in a file that is loaded before the program.
 *
 * @example
 * registerInstrumentations({
 *   instrumentations: [new UndiciInstrumentation(redactingHooks()), new HttpInstrumentation(redactingHooks())],
 * });
 */
export function redactingHooks(registry?: Registry): RedactingHooks {
  expectListeners();
  const registries = registry === undefined ? livingRegistries : () => [registry];
  return {
    startSpanHook({ origin, path }) {
      const redacted = redactTarget(path, registries());
      if (redacted === undefined) return {};
      const { href, pathname, search } = partsOf(redacted, origin);
      return { 'url.full': href, 'url.path': pathname, 'url.query': search };
    },
    startOutgoingSpanHook(request) {
      const redacted = redactTarget(request.path ?? '/', registries());
      if (redacted === undefined) return {};
      const full = `${request.protocol ?? 'http:'}//${hostOf(request)}${redacted}`;
      return { 'url.full': full, 'http.url': full, 'http.target': redacted }; // the last two are those of older versions
    },
    startIncomingSpanHook({ url = '/' }) {
      const redacted = redactTarget(url, registries());
      if (redacted === undefined) return {};
      const { pathname, search } = partsOf(redacted, 'http://localhost');
      return { 'url.path': pathname, 'url.query': search.slice(1) };
    },
  };
}

/** What the instrumentations redact by themselves, which a URL of ours would undo. */
const signatures = [
  'sig',
  'Signature',
  'AWSAccessKeyId',
  'X-Goog-Signature',
  'X-Amz-Signature',
  'X-Amz-Credential',
  'X-Amz-Security-Token',
];

/**
 * The parts of a target, also of one that is no URL: an instrumentation would record it as it is if this threw. A path may begin
 * with two slashes, and names no host then.
 */
function partsOf(target: string, origin: string): Pick<URL, 'href' | 'pathname' | 'search'> {
  const href = target.startsWith('/') ? `${origin.replace(/\/$/, '')}${target}` : target;
  if (URL.canParse(href, origin)) return new URL(href, origin);
  const [pathname = '', ...query] = target.split('?');
  return { href, pathname, search: query.length === 0 ? '' : `?${query.join('?')}` };
}

/** Path and query without credentials; undefined where there are none. */
function redactTarget(target: string, registries: readonly Registry[]): string | undefined {
  const at = target.indexOf('?');
  const names = new Set(registries.flatMap(queryNames));
  const isNamed = (pair: string) => names.has(queryName(pair));
  let redacted = target;
  if (at !== -1 && names.size > 0) redacted = redactQuery(target, at, isNamed);
  for (const { redactor } of registries) redacted = redactor.text(redacted);
  if (redacted === target) return undefined;
  return at === -1
    ? redacted
    : redactQuery(redacted, redacted.indexOf('?'), (pair) => signatures.includes(queryName(pair)));
}

function redactQuery(target: string, at: number, isRedacted: (pair: string) => boolean): string {
  const pairs = target.slice(at + 1).split('&');
  const redacted = pairs.map((pair) => (isRedacted(pair) ? `${pair.split('=', 1)[0] ?? ''}=REDACTED` : pair));
  return `${target.slice(0, at)}?${redacted.join('&')}`;
}

const known = new WeakMap<Registry, readonly string[]>();

/** The query parameters that credentials go into; what a registry defines does not change. */
function queryNames(registry: Registry): readonly string[] {
  let names = known.get(registry);
  if (names === undefined) {
    const placements = registry.providers().flatMap((provider) => provider.placements);
    names = placements.flatMap((placement) => (placement.in === 'query' ? placement.name : []));
    known.set(registry, names);
  }
  return names;
}

function hostOf({ host, hostname, port }: OutgoingRequest): string {
  const name = host ?? hostname ?? 'localhost';
  const isDefault = port === undefined || port === null || ['', '80', '443'].includes(String(port));
  return isDefault || name.includes(':') ? name : `${name}:${port}`;
}
