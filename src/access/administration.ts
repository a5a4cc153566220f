import { randomBytes } from 'node:crypto';
import type { Issue } from '../errors.js';
import { didYouMean } from '../internal/near-names.js';
import { configInvalid } from '../internal/validation.js';
import type { Access, IssuedKey, IssuedToken, StatusTarget } from './access.js';
import { MAX_TOKEN_MS, signingKeyFor, signToken, type SigningKey } from './access-token.js';
import type { StoredKey } from './compiled.js';
import { unknownProducts } from './definition-schema.js';
import type { App, Developer, Product } from './definitions.js';
import { accessDenied, faultOf, type FaultName } from './fault.js';
import { hasHash, sha256 } from './hashes.js';
import { scopesOf } from './judge.js';
import { recordName, recordsOf } from './record-names.js';
import { statuses, type Rules, type SetStatus } from './rules.js';
import type { AccessState, Records } from './state.js';

export interface AdministrationOptions {
  readonly state: AccessState;
  readonly rules: Rules;
  readonly now: () => number;
  /** Hears of each key, secret and token before its receiver does. */
  readonly onSecret: (secret: string) => void;
}

const DEFAULT_TOKEN_MS = 900_000;

/** Issues keys and tokens, and changes what they may do. */
export class Administration {
  readonly #options: AdministrationOptions;

  constructor(options: AdministrationOptions) {
    this.#options = options;
  }

  async issueKey({ app, products, expiresAt }: Parameters<Access['issueKey']>[0]): Promise<IssuedKey> {
    if (expiresAt !== undefined && !(expiresAt instanceof Date && !Number.isNaN(expiresAt.getTime()))) {
      throw invalid('expiresAt', 'must be a date');
    }
    const consumerKey = `clvk_${randomBytes(32).toString('base64url')}`;
    const consumerSecret = `clvs_${randomBytes(32).toString('base64url')}`;
    this.#options.onSecret(consumerKey);
    this.#options.onSecret(consumerSecret);
    const id = `key-${randomBytes(8).toString('hex')}`;
    await this.#options.state.update((records) => {
      this.#assertThere(records, 'app', app);
      this.#assertProducts(records, products);
      const key: StoredKey = {
        id,
        app,
        issued: true,
        sha256: sha256(consumerKey),
        secretSha256: sha256(consumerSecret),
        ...(expiresAt !== undefined && { expiresAt: expiresAt.toISOString() }),
        products: products.map((name) => ({ name, status: this.#approvalOf(records, name) })),
      };
      return new Map<string, unknown>([
        [recordName.key(key.sha256), key],
        [recordName.keyId(id), key.sha256],
      ]);
    });
    return { id, consumerKey, consumerSecret };
  }

  async setStatus(target: StatusTarget, status: string): Promise<void> {
    if (typeof (target as unknown) !== 'object') throw invalid('target', 'must be { key }, { app } or { developer }');
    await this.#options.state.update((records) => {
      const [kind, name, defined] = this.#target(records, target);
      if (!(statuses[kind] as readonly string[]).includes(status)) {
        throw invalid(
          'status',
          `must be one of ${statuses[kind].join(', ')} for ${kind === 'app' ? 'an' : 'a'} ${kind}`,
        );
      }
      return new Map([[name, { status, was: defined } satisfies SetStatus]]);
    });
  }

  async issueAccessToken(options: Parameters<Access['issueAccessToken']>[0]): Promise<IssuedToken> {
    const { state, rules, now, onSecret } = this.#options;
    const { consumerKey, consumerSecret, scope, ttlMs = DEFAULT_TOKEN_MS } = options;
    if (!(ttlMs > 0 && ttlMs <= MAX_TOKEN_MS)) throw invalid('ttlMs', `must be above 0 and at most ${MAX_TOKEN_MS}`);
    if (typeof consumerKey !== 'string' || consumerKey === '') throw denied('none');
    const records = await state.read();
    const key = rules.key(records, sha256(consumerKey));
    // An unknown key costs the same work as a wrong secret, and says the same.
    const isHolder = hasHash(typeof consumerSecret === 'string' ? consumerSecret : '', key?.secretSha256);
    if (key === undefined || !isHolder) throw denied('badClient');
    const time = now();
    const fault = rules.faultOf(records, key, time);
    if (fault !== undefined) throw denied(fault);
    const allowed = new Set(
      rules.matches(records, key, undefined, false).flatMap(({ product }) => [...product.scopes]),
    );
    const wanted = scope === undefined ? [...allowed] : [...new Set(scopesOf(scope))];
    if (wanted.some((each) => !allowed.has(each))) throw denied('scope');
    const expiresAt = Math.min(time + ttlMs, key.expiresAt);
    const claims = { keyId: key.id, expiresAt, scopes: new Set(wanted) };
    const token = await signToken(await this.#signingKey(records, time), claims);
    onSecret(token);
    const expiresIn = Math.floor((expiresAt - time) / 1000);
    return { access_token: token, token_type: 'Bearer', expires_in: expiresIn, scope: wanted.join(' ') };
  }

  /** Made at the first token, and once more a day; whoever comes second takes the key of the first. */
  async #signingKey(records: Records, now: number): Promise<SigningKey> {
    const known = signingKeyFor(records, now);
    if (known.all === undefined) return known.key;
    let signing = known.key;
    await this.#options.state.update((current) => {
      const { key, all } = signingKeyFor(current, now);
      signing = key;
      return all === undefined ? undefined : new Map([[recordName.signingKeys, all]]);
    });
    return signing;
  }

  /** The kind of a target, the record of its status, and what its definition says. */
  #target(records: Records, target: StatusTarget): ['key' | 'app' | 'developer', string, string] {
    const { rules } = this.#options;
    if ('app' in target) {
      this.#assertThere(records, 'app', target.app);
      const { status = 'approved' } = rules.find<App>(records, recordName.app(target.app)) ?? {};
      return ['app', recordName.appStatus(target.app), status];
    }
    if ('developer' in target) {
      this.#assertThere(records, 'developer', target.developer);
      const { status = 'active' } = rules.find<Developer>(records, recordName.developer(target.developer)) ?? {};
      return ['developer', recordName.developerStatus(target.developer), status];
    }
    const key = rules.storedKey(records, target.key);
    if (key === undefined) {
      // Whoever gives a key in place of its id must not find it in a message.
      throw invalid('key', 'no consumer key has that id: see "claviger access ls" or describe()');
    }
    const { product } = target;
    if (product === undefined) return ['key', recordName.keyStatus(key.id), key.status ?? 'approved'];
    const association = key.products.find(({ name }) => name === product);
    if (association !== undefined) {
      return ['key', recordName.associationStatus(key.id, product), association.status ?? 'approved'];
    }
    const near = didYouMean(
      product,
      key.products.map(({ name }) => name),
    );
    throw invalid('product', `the key ${key.id} is not for a product "${product}"${near}`);
  }

  #assertThere(records: Records, kind: 'app' | 'developer', name: string): void {
    if (typeof name === 'string' && this.#options.rules.find(records, recordName[kind](name)) !== undefined) return;
    throw invalid(kind, `no ${kind} is named "${name}"${didYouMean(name, this.#names(records, kind))}`);
  }

  #assertProducts(records: Records, names: readonly string[]): void {
    if (!Array.isArray(names)) throw invalid('products', 'must be a list of names');
    const issues = unknownProducts(names, new Set(this.#names(records, 'product')), 'products');
    if (issues.length > 0) throw configInvalid('the request', issues);
  }

  #approvalOf(records: Records, product: string): 'approved' | 'pending' {
    const found = this.#options.rules.find<Product>(records, recordName.product(product));
    return found?.approval === 'manual' ? 'pending' : 'approved';
  }

  #names(records: Records, kind: 'app' | 'developer' | 'product'): string[] {
    const prefix = `${kind}/`;
    return [this.#options.rules.defined, records].flatMap((each) => [...recordsOf(each, prefix)].map(([name]) => name));
  }
}

function denied(name: FaultName): Error {
  return accessDenied('no access token is issued', faultOf(name));
}

function invalid(path: string, message: string): Error {
  const issues: Issue[] = [{ path, message }];
  return configInvalid('the request', issues);
}
