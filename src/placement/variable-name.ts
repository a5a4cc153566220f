/** What an environment can't hold as the name of a variable (POSIX.1-2024, XBD §8.1), and control characters, which nobody means. */
export function isVariableName(name: unknown): name is string {
  return typeof name === 'string' && /^[^=\p{Cc}]+$/u.test(name);
}

export function variableNameProblem(name: unknown): string | undefined {
  return isVariableName(name) ? undefined : 'an environment variable needs a name without "=" and control characters';
}
