import { canonicalUrl } from '../destination/canonical-url.js';
import { ClavigerError } from '../errors.js';
import type { Dispatching } from '../http/dispatch.js';
import { coreOf, type Auth } from '../registry/registry-contract.js';
import { use } from '../registry/use.js';
import { followInside } from './follow-inside.js';
import type { LineReceiver } from './http-transport-options.js';
import { HttpTransport } from './http-transport.js';

interface Connecting {
  readonly auth: Auth;
  readonly url: URL;
  readonly headers?: Record<string, string>;
  readonly dispatcher?: Dispatching;
}

/**
 * The URL of an MCP server, in its one reading.
 *
 * @throws ClavigerError `ERR_CONFIG_INVALID`, `ERR_DESTINATION_AMBIGUOUS`
 */
export function endpoint(url: string): URL {
  if (typeof url !== 'string' || !URL.canParse(url)) {
    throw new ClavigerError('ERR_CONFIG_INVALID', 'url must be the whole URL of the MCP server');
  }
  return new URL(canonicalUrl(url).href);
}

/** A transport whose every request carries the credential, inside the destinations of its provider. */
export async function openHttpTransport(
  { auth, url, headers = {}, dispatcher }: Connecting,
  receiver?: LineReceiver,
): Promise<HttpTransport> {
  // Its undici takes long to load, and the stdio launcher never needs it.
  const [{ createCountedFetch }, { createUpstream }] = await Promise.all([
    import('../http/create-fetch.js'),
    import('../http/upstream.js'),
  ]);
  const { redactor } = coreOf(await auth.registry());
  // A stream may be silent for long, and each request has a time limit of its own.
  const upstream = createUpstream({ bodyTimeout: 0, headersTimeout: 0 });
  // Messages are redacted one by one, so that they stay valid JSON and what is base64 in them stays base64.
  const fetch = createCountedFetch({ auth }, { redact: false, dispatcher: dispatcher ?? upstream });
  const inside = followInside(fetch, (method, to) => judge(auth, method, to));
  const release = () => upstream.destroy();
  return new HttpTransport({ url, fetch: inside, headers, redactor, release, ...(receiver && { receiver }) });
}

/** Through `use()`, which refuses what lies outside the destinations and writes that down. Nothing is sent. */
function judge(auth: Auth, method: string, url: URL): Promise<undefined> {
  return use<undefined, undefined>(auth, {
    surface: 'http',
    destination: { method, url },
    continued: true,
    unit: 'skip',
    place: () => undefined,
    call: () => undefined,
    repeatable: () => false,
    redact: false,
  });
}
