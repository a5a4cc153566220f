import { ClavigerError } from '../errors.js';
import { isLoopbackHost } from './address.js';
import { ambiguous } from './ambiguous.js';

/** Scheme, host and port of a URL in their one canonical form. */
export interface Authority {
  readonly origin: string;
  readonly protocol: 'https:' | 'http:';
  /** As in the `Host` header: the default port is dropped. */
  readonly host: string;
  readonly hostname: string;
  readonly port: number;
  readonly loopback: boolean;
}

/** Host names in canonical form: labels that are not empty, no trailing dot, nothing percent-encoded. */
const NAME = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;

/** The longest text (scheme, a DNS name of 253 characters, a port) that is worth remembering, and how many of them. */
const MAX_KNOWN_LENGTH = 300;
const MAX_KNOWN = 1024;
const known = new Map<string, Authority>();

/**
 * Reads `scheme://host[:port]` and nothing more. IDNA, letter case, number forms of IPv4 and the port are the URL
 * parser's; what it would silently repair (user information, percent-encoding, white space) is refused before it.
 *
 * @throws `ERR_DESTINATION_AMBIGUOUS`, or `ERR_DESTINATION_DENIED` for a scheme other than http and https
 */
export function authorityOf(text: string): Authority {
  const seen = known.get(text);
  if (seen !== undefined) return seen;
  const authority = parseAuthority(text);
  if (text.length <= MAX_KNOWN_LENGTH) {
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(text, authority);
  }
  return authority;
}

function parseAuthority(text: string): Authority {
  const protocol = protocolOf(text);
  const raw = text.slice(text.indexOf('//') + 2);
  const rule = brokenRule(raw);
  if (rule !== undefined) throw ambiguous(rule);
  let url: URL;
  try {
    url = new URL(`${protocol}//${raw}`);
  } catch {
    // The parser's error holds its input.
    throw ambiguous('its host or port is not valid');
  }
  const { hostname, host, port } = url;
  if (hostname.startsWith('[::ffff:')) throw ambiguous('its host is an IPv4 address written as an IPv6 one');
  if (hostname.endsWith('.')) throw ambiguous('its host ends with a dot');
  if (!hostname.startsWith('[') && !NAME.test(hostname)) throw ambiguous('its host is not a plain host name');
  return {
    origin: `${protocol}//${host}`,
    protocol,
    host,
    hostname,
    port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
    loopback: isLoopbackHost(hostname),
  };
}

function protocolOf(text: string): 'https:' | 'http:' {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) throw ambiguous('it is not an absolute URL');
  if (scheme !== 'https' && scheme !== 'http') {
    throw new ClavigerError(
      'ERR_DESTINATION_DENIED',
      'the URL is neither https nor http, and credentials go nowhere else',
    );
  }
  if (!text.startsWith('//', scheme.length + 1)) throw ambiguous('its scheme is not followed by "//"');
  return scheme === 'https' ? 'https:' : 'http:';
}

/** The rule that the text between `//` and the path breaks. */
function brokenRule(raw: string): string | undefined {
  if (raw === '') return 'it has no host';
  if (raw.includes('@')) return 'it holds user information before the host';
  if (/[\0-\x20\x7f]/.test(raw)) return 'its host holds a space or a control character';
  if (raw.includes('%')) return 'its host is percent-encoded or has a zone id';
  if (/[/?#\\]/.test(raw)) return 'its host holds a delimiter';
  if (/\.(?::\d*)?$/.test(raw)) return 'its host ends with a dot';
  return undefined;
}
