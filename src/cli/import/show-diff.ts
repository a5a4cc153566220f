import { concealText } from '../../mcp-clients/conceal.js';
import type { RewrittenEntry } from '../../mcp-clients/rewrite-file.js';

/** Longer lines, as of files without line ends, show their changed part only by their length. */
const longest = 400;

/** What changes in an entry, line by line, with the fingerprint in place of each key. */
export function diffLines(
  { before, after, line }: RewrittenEntry,
  secrets: readonly string[],
  fingerprint: (value: string) => string,
): string[] {
  const shown = (text: string) =>
    concealText(text, secrets)
      .map((piece) => (typeof piece === 'string' ? piece : `[${fingerprint(secrets[piece.secret] ?? '')}]`))
      .join('')
      .split(/\r?\n/)
      .map((one) => (one.length > longest ? `${one.slice(0, longest)}…` : one));
  const [old, now] = [shown(before), shown(after)];
  return [`@@ line ${line} @@`, ...difference(old, now)];
}

/** The lines that go and come; those that stay are left out. */
function difference(old: readonly string[], now: readonly string[]): string[] {
  const common = commonLengths(old, now);
  const lines: string[] = [];
  let [from, to] = [0, 0];
  while (from < old.length || to < now.length) {
    const [left, right] = [old[from], now[to]];
    if (left !== undefined && left === right) {
      from++;
      to++;
    } else if (left !== undefined && (right === undefined || length(from + 1, to) >= length(from, to + 1))) {
      lines.push(`-${left}`);
      from++;
    } else {
      lines.push(`+${right ?? ''}`);
      to++;
    }
  }
  return lines;

  function length(a: number, b: number): number {
    return common[a]?.[b] ?? 0;
  }
}

/** How many lines two texts have in common from each pair of places on. */
function commonLengths(old: readonly string[], now: readonly string[]): number[][] {
  const lengths = Array.from({ length: old.length + 1 }, () => new Array<number>(now.length + 1).fill(0));
  for (let a = old.length - 1; a >= 0; a--) {
    for (let b = now.length - 1; b >= 0; b--) {
      const [row, next] = [lengths[a] ?? [], lengths[a + 1] ?? []];
      row[b] = old[a] === now[b] ? (next[b + 1] ?? 0) + 1 : Math.max(next[b] ?? 0, row[b + 1] ?? 0);
    }
  }
  return lengths;
}
