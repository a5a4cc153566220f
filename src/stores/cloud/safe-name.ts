/** What a written-out run of other characters looks like: `github--40--alice`. */
const WRITTEN = /--((?:[0-9a-f]{2})+)--/;

/**
 * A name in the characters that an engine allows. Names of such characters stay as they are; in others each run of
 * characters that are neither letters nor digits is written as its bytes in hex, `--40--`. No two names meet.
 */
export function safeName(name: string, allowed: RegExp): string | undefined {
  if (allowed.test(name) && !WRITTEN.test(name)) return name;
  if (!name.isWellFormed()) return undefined;
  const written = name.replace(/[^A-Za-z0-9]+/g, (run) => `--${Buffer.from(run).toString('hex')}--`);
  return allowed.test(written) ? written : undefined;
}

/** The name that stands behind a safe one. */
export function plainName(safe: string): string {
  return WRITTEN.test(safe)
    ? safe.replace(new RegExp(WRITTEN, 'g'), (_, hex: string) => Buffer.from(hex, 'hex').toString('utf8'))
    : safe;
}
