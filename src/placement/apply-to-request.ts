import { ClavigerError } from '../errors.js';
import type { Credential } from '../credential.js';
import { isHeaderValue } from './check-placement.js';
import type { BasicPlacement, RequestPlacement } from './placement.js';

/**
 * The part of a request that a credential can go into. `search` is `''` or begins with `?` and holds the bytes of the
 * wire; header names keep their spelling, and one name may stand several times.
 */
export interface RequestHead {
  search: string;
  headers: [name: string, value: string][];
}

/** Places one credential into a head of our own making. Never hand it an object of the caller's. */
export function applyToRequest(head: RequestHead, placement: RequestPlacement, credential: Credential): void {
  switch (placement.in) {
    case 'header':
      setHeader(head, placement.name, headerValue((placement.prefix ?? '') + credential.secret.reveal(), credential));
      return;
    case 'basic':
      setHeader(head, 'Authorization', `Basic ${basicValue(placement, credential)}`);
      return;
    case 'query':
      head.search = setQuery(head.search, placement.name, credential.secret.reveal());
      return;
    case 'cookie':
      setCookie(head, placement.name, cookieValue(credential));
      return;
  }
}

/** Takes out whatever stands where the placement would put a credential: the caller's own value must not travel either. */
export function clearPlacement(head: RequestHead, placement: RequestPlacement): void {
  switch (placement.in) {
    case 'header':
      removeHeader(head, placement.name);
      return;
    case 'basic':
      removeHeader(head, 'authorization');
      return;
    case 'query':
      head.search = setQuery(head.search, placement.name, undefined);
      return;
    case 'cookie':
      setCookie(head, placement.name, undefined);
      return;
  }
}

/** Every case variant goes; ours stands once. */
function setHeader(head: RequestHead, name: string, value: string): void {
  removeHeader(head, name);
  head.headers.push([name, value]);
}

export function removeHeader(head: RequestHead, name: string): void {
  const lower = name.toLowerCase();
  head.headers = head.headers.filter(([other]) => other.toLowerCase() !== lower);
}

/** @throws ClavigerError `ERR_PLACEMENT_INVALID` for what may not stand in a header */
export function headerValue(value: string, credential: Credential): string {
  if (isHeaderValue(value)) return value;
  throw invalid(credential, 'a header', 'RFC 9110 §5.5: Latin-1, no control characters, no blank at the end');
}

function basicValue(placement: BasicPlacement, credential: Credential): string {
  const username = placement.username ?? credential.username ?? '';
  const secret = credential.secret.reveal();
  const [user, password] = placement.secretAs === 'username' ? [secret, placement.password ?? ''] : [username, secret];
  return basicCredentials(user, password, credential);
}

/** @throws ClavigerError `ERR_PLACEMENT_INVALID` for what may not stand in Basic credentials */
export function basicCredentials(user: string, password: string, credential: Credential): string {
  // eslint-disable-next-line no-control-regex -- RFC 7617 §2 forbids exactly these
  if (user.includes(':') || /[\x00-\x1f\x7f]/.test(user + password)) {
    throw invalid(credential, 'Basic credentials', 'RFC 7617 §2: no control characters, no ":" in the user name');
  }
  return Buffer.from(`${user}:${password}`, 'utf8').toString('base64');
}

/** RFC 6265 §4.1.1, `cookie-octet`. @throws ClavigerError `ERR_PLACEMENT_INVALID` for anything else */
export function cookieValue(credential: Credential): string {
  const value = credential.secret.reveal();
  if (/^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+$/.test(value)) return value;
  throw invalid(credential, 'a cookie', 'RFC 6265 §4.1.1: no blanks, quotes, commas, semicolons or backslashes');
}

/**
 * Ours takes the place of the first parameter of that name and the others of that name go; everything else keeps its
 * bytes and its order. Names are compared as a server decodes them: `%6Bey` and `k%65y` are `key`, `+` is a blank.
 */
function setQuery(search: string, name: string, value: string | undefined): string {
  const ours = value === undefined ? undefined : `${encodeQuery(name)}=${encodeQuery(value)}`;
  const pairs = search.length > 1 ? search.slice(1).split('&') : [];
  const kept: string[] = [];
  let placed = ours === undefined;
  for (const pair of pairs) {
    if (queryName(pair) !== name) {
      kept.push(pair);
    } else if (!placed && ours !== undefined) {
      kept.push(ours);
      placed = true;
    }
  }
  if (!placed && ours !== undefined) kept.push(ours);
  return kept.length === 0 ? '' : `?${kept.join('&')}`;
}

export function queryName(pair: string): string {
  const raw = pair.split('=', 1)[0] ?? '';
  return /[%+]/.test(raw) ? (new URLSearchParams(`${raw}=`).keys().next().value ?? '') : raw;
}

/** Only unreserved characters of RFC 3986 §2.3 stand for themselves. */
export function encodeQuery(value: string): string {
  const wellFormed = Buffer.from(value, 'utf8').toString(); // a lone surrogate would make encodeURIComponent throw
  return encodeURIComponent(wellFormed).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** One cookie among others: whatever `Cookie` lines there were become one (RFC 6265 §5.4 sends one). */
function setCookie(head: RequestHead, name: string, value: string | undefined): void {
  const lines = head.headers.filter(([other]) => other.toLowerCase() === 'cookie').map(([, line]) => line);
  const others = lines
    .flatMap((line) => line.split(';'))
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '' && (pair.split('=', 1)[0] ?? '').trim() !== name);
  removeHeader(head, 'cookie');
  if (value !== undefined) others.push(`${name}=${value}`);
  if (others.length > 0) head.headers.push(['Cookie', others.join('; ')]);
}

function invalid(credential: Credential, where: string, rule: string): ClavigerError {
  const message = `the secret of ${credential.provider} can't stand in ${where} (${rule}): check that it was stored whole`;
  return new ClavigerError('ERR_PLACEMENT_INVALID', message, { provider: credential.provider });
}
