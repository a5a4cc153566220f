/** The names of records: one kind before the first slash, so that nobody's name can stand for another's. */
export const recordName = {
  product: (name: string) => `product/${name}`,
  developer: (name: string) => `developer/${name}`,
  app: (name: string) => `app/${name}`,
  /** A consumer key, by its hash: that is what it is looked up by. */
  key: (sha256: string) => `key/${sha256}`,
  /** The hash of the key with that id. */
  keyId: (id: string) => `id/${id}`,
  keyStatus: (id: string) => `status/key/${id}`,
  /** An id has no slash in it. */
  associationStatus: (id: string, product: string) => `status/association/${id}/${product}`,
  appStatus: (name: string) => `status/app/${name}`,
  developerStatus: (name: string) => `status/developer/${name}`,
  signingKeys: 'signing',
} as const;

/** Every record whose name begins with a kind: `app/`. */
export function* recordsOf<T>(records: ReadonlyMap<string, unknown>, prefix: string): Iterable<[string, T]> {
  for (const [name, value] of records) if (name.startsWith(prefix)) yield [name.slice(prefix.length), value as T];
}
