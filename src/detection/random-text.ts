/** Shorter texts are words, numbers and versions, and could not be redacted. */
const shortest = 8;

/** Whether a text looks made by chance, and not written by a person: no address, path, number, name, date or version. */
export function looksRandom(text: string): boolean {
  if (text.length < shortest || text.length > 4096 || /\s/.test(text)) return false;
  if (/^(?:[A-Za-z][A-Za-z0-9+.-]*:\/\/|[.~]{0,2}\/|[A-Za-z]:\\)/.test(text)) return false;
  if (/\[[^\]]*-[^\]]*\]|\\[dwsb]/.test(text)) return false; // a pattern
  if (/^[\d.,:+\-/TZ]+$/.test(text) || /^v?\d+\.\d+/.test(text)) return false;
  if (/^[\w.+-]+@[\w-]+\.[\w.]+$/.test(text) || /^(?:[a-z][a-z0-9-]*\.)+[a-z]{2,}(?::\d+)?$/.test(text)) return false;
  return isMixed(text) && entropy(text) >= (text.length < 16 ? 2.5 : 3);
}

/** Letters with digits, or letters of both cases that follow no word's pattern. */
function isMixed(text: string): boolean {
  if (/\d/.test(text) && /[A-Za-z]/.test(text)) {
    // Words with a number at their end: "my-server-2", "sonnet-4-5".
    const isNumbered = /^(?:[A-Za-z]{2,}[-_.])*[A-Za-z]{2,}[-_.]?\d{1,4}(?:[-_.]\d{1,4})*$/.test(text);
    if (!isNumbered) return true;
  }
  if (/[-_./ ]/.test(text)) return false;
  const changes = text.match(/[a-z](?=[A-Z])|[A-Z](?=[a-z])/g)?.length ?? 0;
  return text.length >= 20 && (changes * 4 >= text.length || entropy(text) >= 4.2);
}

/** Shannon's, in bits per character. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => sum - (count / text.length) * Math.log2(count / text.length), 0);
}
