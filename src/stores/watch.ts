/** The version, or another mark of its state, of each name. */
export type Marks = ReadonlyMap<string, string>;

/** How often a store is looked at; less by chance, so that many processes don't do it all at once. */
const EVERY_MS = 1_000;
/** After failures it is looked at less and less often, down to this. */
const AT_LEAST_MS = 60_000;

/**
 * Looks at a store again and again, and tells the names of what has changed since; never a value. Holds no process.
 *
 * @param read What there is now; undefined where nothing has changed.
 * @returns Ends it.
 */
export function watchByPolling(
  read: () => Promise<Marks | undefined>,
  onChange: (names: readonly string[]) => void,
  everyMs = EVERY_MS,
): () => void {
  let known: Marks | undefined;
  let failures = 0;
  let ended = false;
  let timer: NodeJS.Timeout | undefined;

  const look = async () => {
    try {
      const marks = await read();
      failures = 0;
      const names = known === undefined || marks === undefined ? [] : changedNames(known, marks);
      known = marks ?? known;
      if (names.length > 0 && !ended) onChange(names);
    } catch {
      failures += 1; // whoever uses the store hears why; here it is only looked at later
    }
    if (!ended) schedule();
  };
  const schedule = () => {
    const wait = Math.min(everyMs * 2 ** failures, Math.max(AT_LEAST_MS, everyMs));
    timer = setTimeout(() => void look(), wait * (0.75 + Math.random() / 4)).unref();
  };
  void look();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

function changedNames(before: Marks, after: Marks): string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name));
}

/** The marks of what a store lists. */
export function marksOf(infos: readonly { name: string; version: string; state?: string }[]): Marks {
  return new Map(infos.map(({ name, version, state }) => [name, `${version} ${state ?? ''}`]));
}
