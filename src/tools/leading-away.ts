import { ClavigerError } from '../errors.js';

/** Options that name another place than the URL: axios, got and others. */
const places = new Set(['baseURL', 'baseUrl', 'prefixUrl', 'uri', 'socketPath', 'proxy']);

/** … and, beside a URL of its own, Node's http and undici, trust in another server included. In one object such names can mean anything. */
const placesBesideUrl = new Set(
  ['url', 'href', 'origin', 'protocol', 'host', 'hostname', 'port', 'defaultPort', 'path'].concat('servername', 'ca'),
);

/** Objects and functions that make the connection, stand in for the client, or are shown the request with its credential. */
const intermediaries = new Set([
  ...['agent', '_defaultAgent', 'httpAgent', 'httpsAgent', 'dispatcher', 'h2session'], // connections
  ...['createConnection', 'lookup', 'dnsLookup', 'dnsCache', 'https', 'secureContext', 'checkServerIdentity'],
  ...['adapter', 'transport', 'request', 'fetch', 'env'], // clients
  ...['hooks', 'transformRequest', 'transformResponse', 'beforeRedirect', 'cache', 'cookieJar'], // onlookers
]);

/** Precautions that a caller may not turn off. */
const precautions = new Set(['rejectUnauthorized', 'allowAbsoluteUrls']);

/**
 * Refuses options with which a caller would carry the credential round its destinations. The author of a function can set them:
 * inside it.
 *
 * @throws ClavigerError `ERR_PLACEMENT_INVALID`, naming the option.
 */
export function assertNotLedAway(options: object, form: 'beside a URL' | 'one object'): void {
  for (const name in options) {
    const value = (options as Record<string, unknown>)[name];
    if (value === undefined || value === null) continue;
    if (value === false ? !precautions.has(name) : !leadsAway(name, value, form)) continue;
    const message = `"${name}" could send the request to another place than its URL: set it inside the function instead`;
    throw new ClavigerError('ERR_PLACEMENT_INVALID', message);
  }
}

function leadsAway(name: string, value: unknown, form: 'beside a URL' | 'one object'): boolean {
  if (places.has(name) || (form === 'beside a URL' && placesBesideUrl.has(name))) return true;
  return (typeof value === 'object' || typeof value === 'function') && intermediaries.has(name);
}
