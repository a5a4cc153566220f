import { matchPath, parsePathPattern, type PathPattern } from '../destination/path-pattern.js';
import type { App, ConsumerKeyRecord, KeyStatus, Product, Quota } from './definitions.js';
import { recordName } from './record-names.js';

/** A consumer key as it rests, with the app that it belongs to. */
export interface StoredKey extends ConsumerKeyRecord {
  readonly app: string;
  /** Not from a definition: made by `issueKey`. */
  readonly issued?: boolean;
}

export interface CompiledProduct {
  readonly name: string;
  readonly providers: ReadonlySet<string>;
  readonly resources: readonly PathPattern[];
  /** Whether some resource is every path. */
  readonly everywhere: boolean;
  readonly methods: ReadonlySet<string> | undefined;
  readonly scopes: ReadonlySet<string>;
  readonly quota: Readonly<Quota> | undefined;
}

export interface CompiledKey {
  readonly id: string;
  readonly app: string;
  readonly status: KeyStatus;
  readonly statusRecord: string;
  readonly appRecord: string;
  readonly appStatusRecord: string;
  /** The app, where it is defined and so never changes; else it is looked up by its record. */
  readonly definedApp: App | undefined;
  readonly developerStatusRecord: string;
  readonly secretSha256: string | undefined;
  /** In milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly products: readonly CompiledAssociation[];
}

interface CompiledAssociation {
  readonly status: KeyStatus;
  readonly statusRecord: string;
  readonly productRecord: string;
  /** The product, where it is defined and so never changes; else it is looked up by its record. */
  readonly definedProduct: CompiledProduct | undefined;
  /** Of this product the app's uses are counted. */
  readonly counter: string;
}

/** What a credential is to be used for. */
export interface IntendedUse {
  readonly provider: string;
  /** Absent: the credential is handed over whole, for whatever method. */
  readonly method?: string | undefined;
  /** Canonical. Absent: for whatever path. */
  readonly path?: string | undefined;
}

const products = new WeakMap<object, CompiledProduct>();

/** Compiled once: definitions and records are replaced and never altered. */
export function compiledProduct(product: Product): CompiledProduct {
  const found = products.get(product);
  if (found !== undefined) return found;
  const methods = product.methods === undefined ? undefined : new Set(product.methods);
  if (methods?.has('GET') === true) methods.add('HEAD');
  const resources = product.resources.map(parsePathPattern);
  const compiled: CompiledProduct = {
    name: product.name,
    providers: new Set(product.providers),
    resources,
    everywhere: resources.some(({ kind }) => kind === 'all'),
    methods,
    scopes: new Set(product.scopes),
    quota: product.quota,
  };
  products.set(product, compiled);
  return compiled;
}

export function compileKey(key: StoredKey, defined: ReadonlyMap<string, unknown>): CompiledKey {
  const { id, app, status = 'approved', expiresAt } = key;
  const definedApp = defined.get(recordName.app(app)) as App | undefined;
  return {
    id,
    app,
    status,
    statusRecord: recordName.keyStatus(id),
    appRecord: recordName.app(app),
    appStatusRecord: recordName.appStatus(app),
    definedApp,
    developerStatusRecord: recordName.developerStatus(definedApp?.developer ?? ''),
    secretSha256: key.secretSha256,
    expiresAt: expiresAt === undefined ? Infinity : Date.parse(expiresAt),
    products: key.products.map(({ name, status: own = 'approved' }) => ({
      status: own,
      statusRecord: recordName.associationStatus(id, name),
      productRecord: recordName.product(name),
      definedProduct: definedProduct(defined, name),
      counter: JSON.stringify([app, name]),
    })),
  };
}

function definedProduct(defined: ReadonlyMap<string, unknown>, name: string): CompiledProduct | undefined {
  const product = defined.get(recordName.product(name)) as Product | undefined;
  return product === undefined ? undefined : compiledProduct(product);
}

/** Whether a product covers a use. One without a path, or without a method, needs a product for all of them. */
export function covers(product: CompiledProduct, { provider, method, path }: IntendedUse): boolean {
  if (!product.providers.has(provider)) return false;
  if (product.methods !== undefined && (method === undefined || !product.methods.has(method))) return false;
  if (path === undefined) return product.everywhere;
  return product.resources.some((resource) => matchPath(resource, path));
}
