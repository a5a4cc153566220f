/** Words of which a text that stands for a key is made. */
const words = new Set(
  (
    'your my the a an here key keys api apikey token tokens secret password passwd pass pwd passphrase bearer pat auth ' +
    'access personal private client credential credentials value string user username name id goes insert enter paste ' +
    'put add todo tbd fixme changeme change me replace replaceme with real actual none null undefined true false ' +
    'placeholder dummy fake example sample redacted hidden masked secretkey accesstoken accesskey yourkey yourtoken ' +
    'yourapikey mykey mytoken xxx service account integration new generated from obtain get required optional set this to ' +
    'not no needed unused ignored na lm studio ollama local'
  ).split(' '),
);

/** What no key has inside by chance. */
const telltales =
  /your[-_ ]?(?:own[-_ ]?)?(?:api|key|token|secret|access|personal|password|pass|auth|client|org|project|account|credential|firecrawl|github|real|actual)|(?:^|[-_ ./])your(?:$|[-_ .])|change[-_]?me|replace[-_]?(?:me|with|this)|place[-_]?holder|example|redacted|insert[-_ ]?(?:your|here)|(?:key|token|secret)[-_ ]?(?:goes[-_ ]?)?here|dummy[-_ ]?(?:key|token)/;

const filler = /[x*•.…_\-\s0]/g;

/**
 * Whether a text stands where a key will go: empty, `YOUR_API_KEY`, `<token>`, `xxxx`, `sk-...`, `changeme`, alone, after a
 * scheme or after a prefix. Compared without case.
 */
export function isPlaceholder(text: string): boolean {
  const plain = unquoted(text.trim()).toLowerCase();
  if (plain === '') return true;
  const scheme = /^[a-z][a-z-]{1,15}\s+(.*)$/s.exec(plain)?.[1];
  return isStandIn(plain) || (scheme !== undefined && isStandIn(scheme));
}

function isStandIn(text: string): boolean {
  if (text === '' || /^<[^<>]*>$|<[a-z][a-z0-9 _-]*>|^\[[a-z _-]+\]$/.test(text)) return true;
  if (/^[a-z0-9_-]*\{{1,2}\s*[a-z][a-z0-9_ -]*\s*\}{1,2}$/.test(text)) return true;
  if (/(?:\.{3,}|…)$|^(?:\.{3,}|…)/.test(text)) return true;
  if (telltales.test(text)) return true;
  return isFiller(text) || isWords(text);
}

/** `xxxx-xxxx`, `ntn_****`, `api-xxxxxxxx-xxxx-…`: a prefix at most, and nothing that tells one from another. */
function isFiller(text: string): boolean {
  const prefix = /^(?:[a-z][a-z0-9]{0,9}[-_.]){0,3}/.exec(text)?.[0] ?? '';
  return [text, text.slice(prefix.length)].some((body) => {
    if (body.length === 0) return text.length < 20;
    const rest = body.replace(filler, '');
    return rest === '' && body.length >= 3;
  });
}

/** `key`, `api_key`, `fc-your-key`, `MY_VENDOR_API_KEY`: nothing but words, the last of them one for a key. */
function isWords(text: string): boolean {
  const parts = text.split(/[-_ .:]+/).filter((part) => part !== '');
  if (parts.length === 0 || parts.some((part) => /\d/.test(part))) return false;
  if (parts.every((part) => words.has(part))) return true;
  return parts.length > 1 && parts.length < 7 && /^(?:key|apikey|token|secret|password|here)$/.test(parts.at(-1) ?? '');
}

function unquoted(text: string): string {
  return /^(["'`])(.*)\1$/s.exec(text)?.[2] ?? text;
}
