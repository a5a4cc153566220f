import type { Credential } from '../credential.js';
import {
  basicCredentials,
  cookieValue,
  encodeQuery,
  headerValue,
  queryName,
  type RequestHead,
} from './apply-to-request.js';
import type { BasicPlacement, RequestPlacement } from './placement.js';

/** What stands where a placement puts a credential. */
export interface Found {
  readonly value: string;
  /** Puts a credential into exactly that span; further values of the same name go, so that there is one reading. */
  replace(credential: Credential): void;
}

/**
 * Everything that stands in a request where a placement would put its credential, one for each time the name stands there.
 * The bytes that were read as the value are those that `replace` writes over; nothing else of the head changes.
 */
export function findInRequest(head: RequestHead, placement: RequestPlacement): Found[] {
  switch (placement.in) {
    case 'header':
      return inHeaders(head, placement.name, (value) => afterPrefix(value, placement.prefix ?? ''));
    case 'basic':
      return inHeaders(head, 'authorization', (value) => basicPart(value, placement));
    case 'query':
      return inQuery(head, placement.name);
    case 'cookie':
      return inCookies(head, placement.name);
  }
}

interface Part {
  readonly value: string;
  /** The whole header value with the secret in the place of the part. */
  readonly around: (credential: Credential) => string;
}

function inHeaders(head: RequestHead, name: string, partOf: (value: string) => Part | undefined): Found[] {
  const lower = name.toLowerCase();
  const found: Found[] = [];
  for (const pair of head.headers) {
    if (pair[0].length !== lower.length || pair[0].toLowerCase() !== lower) continue;
    const part = partOf(pair[1]);
    if (part === undefined) continue;
    const replace = (credential: Credential): void => {
      pair[1] = headerValue(part.around(credential), credential);
      head.headers = head.headers.filter((other) => other === pair || other[0].toLowerCase() !== lower);
    };
    found.push({ value: part.value, replace });
  }
  return found;
}

/** Schemes are compared in any case (RFC 9110 §11.1), and stay as they were written. */
function afterPrefix(value: string, prefix: string): Part | undefined {
  if (value.length <= prefix.length || value.slice(0, prefix.length).toLowerCase() !== prefix.toLowerCase()) {
    return undefined;
  }
  const written = value.slice(0, prefix.length);
  return { value: value.slice(prefix.length), around: ({ secret }) => written + secret.reveal() };
}

/** RFC 7617 §2. The other part stays the caller's; an empty user name becomes the provider's or the credential's own. */
function basicPart(value: string, placement: BasicPlacement): Part | undefined {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(value)?.[1];
  if (encoded === undefined) return undefined;
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon === -1) return undefined;
  const [user, password] = [decoded.slice(0, colon), decoded.slice(colon + 1)];
  const scheme = value.slice(0, value.length - encoded.length);
  if (placement.secretAs === 'username') {
    const other = password === '' ? (placement.password ?? '') : password;
    return {
      value: user,
      around: (credential) => scheme + basicCredentials(credential.secret.reveal(), other, credential),
    };
  }
  const userOf = (credential: Credential) => (user === '' ? (placement.username ?? credential.username ?? '') : user);
  return {
    value: password,
    around: (credential) => scheme + basicCredentials(userOf(credential), credential.secret.reveal(), credential),
  };
}

function inQuery(head: RequestHead, name: string): Found[] {
  if (head.search.length < 2) return [];
  const pairs = head.search.slice(1).split('&');
  return pairs.flatMap((pair, index): Found[] => {
    const equals = pair.indexOf('=');
    if (equals === -1 || queryName(pair) !== name) return [];
    const replace = ({ secret }: Credential): void => {
      const ours = pair.slice(0, equals + 1) + encodeQuery(secret.reveal());
      const kept = pairs.flatMap((other, place) =>
        place === index ? [ours] : queryName(other) === name ? [] : [other],
      );
      head.search = `?${kept.join('&')}`;
    };
    return [{ value: decoded(pair.slice(equals + 1)), replace }];
  });
}

function decoded(raw: string): string {
  return /[%+]/.test(raw) ? (new URLSearchParams(`v=${raw}`).get('v') ?? raw) : raw;
}

/** One cookie among others, in whichever `Cookie` line (RFC 6265 §5.4). */
function inCookies(head: RequestHead, name: string): Found[] {
  const lines = head.headers.filter(([other]) => other.toLowerCase() === 'cookie');
  return lines.flatMap((line) =>
    line[1].split(';').flatMap((pair, index): Found[] => {
      if (cookieName(pair) !== name) return [];
      const value = pair.slice(pair.indexOf('=') + 1);
      const replace = (credential: Credential): void => {
        const span = pair.slice(0, pair.indexOf('=') + 1) + cookieValue(credential);
        for (const other of lines) {
          const kept = other[1].split(';').flatMap((each, place) => {
            if (other === line && place === index) return [span];
            return cookieName(each) === name ? [] : [each];
          });
          other[1] = kept.join(';').trim();
        }
        head.headers = head.headers.filter(([other, text]) => text !== '' || other.toLowerCase() !== 'cookie');
      };
      return [{ value: value.trim(), replace }];
    }),
  );
}

function cookieName(pair: string): string | undefined {
  const equals = pair.indexOf('=');
  return equals === -1 ? undefined : pair.slice(0, equals).trim();
}
