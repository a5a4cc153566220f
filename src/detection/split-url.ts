import type { ValueContext } from './finding.js';
import type { Part } from './part.js';

const address =
  /^(?<scheme>(?:jdbc:)?[A-Za-z][A-Za-z0-9+.-]*:\/\/)(?:(?<userinfo>[^/?#\s]*)@)?(?<host>[^/?#@\s]*)(?<path>[^?#\s]*)(?<query>\?[^#\s]*)?(?<fragment>#\S*)?$/;

/** The parts of an address that may be keys: password, path segments, query values; undefined for what is no address. */
export function splitUrl(value: string, context: ValueContext): Part[] | undefined {
  const groups = address.exec(value)?.groups;
  if (groups === undefined) return undefined;
  const { scheme = '', userinfo, host: written = '', path = '', query = '' } = groups;
  const host = written.replace(/:\d+$/, '').toLowerCase();
  const common = {
    ...(host !== '' && { host }),
    ...(context.declared !== undefined && { declared: context.declared }),
  };
  const parts: Part[] = [];
  let at = scheme.length;
  if (userinfo !== undefined) {
    parts.push(...userinfoParts(userinfo, at, common));
    at += userinfo.length + 1;
  }
  at += written.length;
  for (const { text, start } of pieces(path, /\//g)) {
    parts.push({ start: at + start, end: at + start + text.length, context: { ...common, place: 'path' } });
  }
  at += path.length;
  for (const { text, start } of pieces(query, /[?&;]/g)) {
    const sign = text.indexOf('=');
    if (sign === -1) continue;
    const name = text.slice(0, sign);
    parts.push({
      start: at + start + sign + 1,
      end: at + start + text.length,
      context: { ...common, name, place: 'query' },
    });
  }
  return parts.filter(({ start, end }) => end > start);
}

/** `user:password`, or a token alone. */
function userinfoParts(userinfo: string, at: number, common: Omit<ValueContext, 'place'>): Part[] {
  const sign = userinfo.indexOf(':');
  const user = {
    start: at,
    end: at + (sign === -1 ? userinfo.length : sign),
    context: { ...common, place: 'userinfo' as const },
  };
  if (sign === -1) return [user];
  const password = { start: at + sign + 1, end: at + userinfo.length, context: { ...user.context, name: 'password' } };
  return [user, password];
}

function pieces(text: string, separator: RegExp): { text: string; start: number }[] {
  let start = 0;
  return text.split(separator).map((piece) => {
    const found = { text: piece, start };
    start += piece.length + 1;
    return found;
  });
}
