/** The names that somebody may have meant, nearest first, at most three. */
export function nearNames(wanted: string, known: Iterable<string>): string[] {
  const limit = Math.max(1, Math.floor(wanted.length / 2.5));
  const lower = wanted.toLowerCase();
  return [...known]
    .map((name) => ({ name, distance: distance(lower, name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= limit || (lower.length > 2 && name.toLowerCase().includes(lower)))
    .sort((a, b) => a.distance - b.distance || a.name.localeCompare(b.name))
    .slice(0, 3)
    .map(({ name }) => name);
}

/** ` (did you mean "github" or "gitlab"?)`, or nothing. */
export function didYouMean(wanted: string, known: Iterable<string>): string {
  const near = nearNames(wanted, known).map((name) => `"${name}"`);
  return near.length === 0 ? '' : ` (did you mean ${near.join(' or ')}?)`;
}

/** The edit distance of Levenshtein, with neighbours swapped counting once. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? Infinity) + 1 : Infinity;
      next.push(Math.min(replaced, swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    [before, row] = [row, next];
  }
  return row[b.length] ?? 0;
}
