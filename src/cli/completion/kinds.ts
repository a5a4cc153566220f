/** What can stand in a place of the command line. */
export type Kind =
  | 'file'
  | 'directory'
  | 'command'
  /** A provider of the config file. */
  | 'provider'
  /** A provider, or a stored key without one. */
  | 'credential'
  | 'store'
  /** An entry of the catalog. */
  | 'catalog'
  | 'shell'
  | 'method'
  /** `VAR=NAME`: a provider after the last `=`. */
  | 'injection';

/** What the arguments of a command are, in their order; the last goes for all that follow. */
export const positionalKinds: Readonly<Record<string, readonly Kind[]>> = {
  add: ['catalog'],
  set: ['credential'],
  show: ['credential'],
  rm: ['credential'],
  revoke: ['credential'],
  reveal: ['credential'],
  test: ['provider'],
  import: ['file'],
  fetch: ['method'],
  trust: ['directory'],
  scan: ['file'],
  providers: ['catalog'],
  completion: ['shell'],
  'access apply': ['file'],
};

const injections = /^(env|file|arg|param|reverse|forward|base-url)$/;

/** What the value of an option is; `value` is what stands for it in the help. */
export function valueKind(verb: string, option: string, value: string | undefined): Kind | undefined {
  if (option === 'as' || option === 'provider') return 'provider';
  if (option === 'store') return 'store';
  if (injections.test(option) && value?.includes('=')) return 'injection';
  // A URL, a date, a name of one's own: nothing to offer.
  return value === 'FILE' || (verb === 'fetch' && option === 'data') ? 'file' : undefined;
}
