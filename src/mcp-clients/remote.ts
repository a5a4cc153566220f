import { isPlaceholder, isReference } from '../detection/index.js';
import { placeInUrl, secretOf, type FoundKey } from './entry-keys.js';
import { LeftAsItIs, type KeyUse } from './entry-plan.js';

/** A remote server without its keys, and where each of them goes on a request. */
export interface Remote {
  readonly url: string;
  readonly uses: readonly KeyUse[];
}

export interface RemoteHeader {
  readonly name: string;
  readonly value: string;
}

export const olderTransport = 'it speaks the older HTTP with SSE, and mcp connect speaks Streamable HTTP';

type Placement = NonNullable<KeyUse['request']>['placement'];

/** What the transport sets itself. */
const ofTransport = /^(?:accept|content-type|mcp-protocol-version|mcp-session-id)$/i;

/** What no provider can say along with its key. */
const neverAlong =
  /^(?:authorization|proxy-.*|cookie|host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|content-length)$/i;

/** What says that it may be a secret, though it looks like none: it must not come to stand in another file. */
const loginName = /key|token|secret|auth|passw|session|credential|signature/i;

/** @throws LeftAsItIs for a key in a place that no placement expresses, and for an address that we would not connect to */
export function remoteOf(address: string, headers: readonly RemoteHeader[], keys: readonly FoundKey[]): Remote {
  const inUrl = distinct(keys.filter((key) => address.includes(secretOf(key)))).map((key) => inAddress(address, key));
  const placed: (Placed & { key: FoundKey })[] = [...inUrl];
  const along: Record<string, string> = {};
  for (const header of headers) {
    const [key, ...others] = distinct(keys.filter((one) => header.value.includes(secretOf(one))));
    if (others.length > 0) throw new LeftAsItIs(`several keys stand in its header ${header.name}`);
    if (key !== undefined) placed.push({ key, placement: inHeader(header, secretOf(key)) });
    else if (!ofTransport.test(header.name)) along[header.name] = plainHeader(header);
  }
  const secrets = placed.map(({ key }) => secretOf(key));
  if (keys.some((key) => !secrets.includes(secretOf(key)))) {
    throw new LeftAsItIs('a key stands beside its address and headers');
  }
  const url = withoutParameters(
    address,
    inUrl.map(({ raw }) => raw),
  );
  checkAddress(url);
  const [first, ...rest] = placed.map(({ key, placement }): KeyUse => {
    return { key, secret: secretOf(key), request: { url, placement, headers: {}, with: [] } };
  });
  if (first?.request === undefined) throw new LeftAsItIs('no key is left to connect with');
  return { url, uses: [{ ...first, request: { ...first.request, headers: along, with: rest } }, ...rest] };
}

interface Placed {
  readonly placement: Placement;
}

function inAddress(address: string, key: FoundKey): Placed & { key: FoundKey; raw: string } {
  const secret = secretOf(key);
  const at = address.indexOf(secret);
  const { place, name } = placeInUrl(address, at);
  if (place === 'path') throw new LeftAsItIs('the key is a part of its path, where no placement can put one');
  if (place === 'userinfo' || name === undefined) throw new LeftAsItIs('the key stands before the host of its address');
  if (/[%+]/.test(secret)) throw new LeftAsItIs(`the key in ${name} is written with percent signs or "+"`);
  const start = Math.max(address.lastIndexOf('?', at), address.lastIndexOf('&', at)) + 1;
  const raw = address.slice(start, at + secret.length);
  if (!/^(?:[&#]|$)/.test(address.slice(at + secret.length))) throw new LeftAsItIs(`${name} holds more than the key`);
  return { key, placement: { in: 'query', name }, raw };
}

function inHeader({ name, value }: RemoteHeader, secret: string): Placement {
  const at = value.indexOf(secret);
  const prefix = value.slice(0, at);
  if (!/^[!#$%&'*+.^`|~\w-]+$/.test(name) || /[^\x20-\x7e]/.test(value)) {
    throw new LeftAsItIs('one of its headers is none that HTTP allows');
  }
  if (at + secret.length < value.length) throw new LeftAsItIs(`its header ${name} holds more than the key`);
  return prefix === '' ? { in: 'header', name } : { in: 'header', name, prefix };
}

function plainHeader({ name, value }: RemoteHeader): string {
  if (!/^[!#$%&'*+.^`|~\w-]+$/.test(name) || /[^\t\x20-\x7e]/.test(value)) {
    throw new LeftAsItIs('one of its headers is none that HTTP allows');
  }
  if (isReference(value) || /\$\{|\{env:/.test(value)) throw new LeftAsItIs(`its header ${name} is a reference`);
  if (neverAlong.test(name) || loginName.test(name) || isPlaceholder(value))
    throw new LeftAsItIs(`its header ${name} can not go along`);
  return value;
}

function withoutParameters(address: string, parameters: readonly string[]): string {
  const [, before = '', query = '', fragment = ''] = /^([^?#]*)(?:\?([^#]*))?(#.*)?$/s.exec(address) ?? [];
  const kept = query.split('&').filter((one) => one !== '' && !parameters.includes(one));
  return before + (kept.length > 0 ? `?${kept.join('&')}` : '') + fragment;
}

function checkAddress(address: string): void {
  if (/\$\{|\{env:|\s/.test(address) || !URL.canParse(address)) {
    throw new LeftAsItIs('its address is made of references');
  }
  const { protocol, hostname, pathname, username, password } = new URL(address);
  if (username !== '' || password !== '') throw new LeftAsItIs('its address has a user name in it');
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopback(hostname))) {
    throw new LeftAsItIs('its address is not https, and a key would go out unprotected');
  }
  if (/\/sse\/?$/.test(pathname)) throw new LeftAsItIs(olderTransport);
  if (pathname.includes('*')) throw new LeftAsItIs('its address has a "*" in it');
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d+){3}$/.test(host);
}

/** The first of each secret. */
function distinct(keys: readonly FoundKey[]): FoundKey[] {
  return keys.filter((key, index) => keys.findIndex((other) => secretOf(other) === secretOf(key)) === index);
}
