import { ClavigerError, type ErrorCode } from '../errors.js';
import { Secret } from '../secret.js';
import {
  entryName,
  type Store,
  type StoredSecret,
  type StoredSecretInfo,
  type StoreGetOptions,
} from '../stores/store.js';

/** What a store or a credential can fail with. */
export type FakeFailure = Extract<ErrorCode, `ERR_STORE_${string}` | `ERR_CREDENTIAL_${string}`>;

/** The store of one provider of a fake registry: what happens to it happens to no other. It has a secret for every account. */
export class FakeStore implements Store {
  readonly kind = 'fake';
  /** Every secret that it has told so far. */
  readonly secrets = new Set<string>();
  failure: FakeFailure | undefined;
  readonly #name: string;
  #version = 1;
  /** The current one, unless it is made up. */
  #given: string | undefined;

  constructor(name: string, secret: string | undefined) {
    this.#name = name;
    this.#given = secret;
    this.current();
  }

  async get(_name: string, { account, version, signal }: StoreGetOptions = {}): Promise<StoredSecret | undefined> {
    signal?.throwIfAborted();
    if (this.failure === 'ERR_CREDENTIAL_NOT_FOUND') return undefined;
    if (this.failure !== undefined) {
      const message = `the fake registry was told to fail for ${this.#name}`;
      throw new ClavigerError(this.failure, message, { provider: this.#name, store: this.kind });
    }
    const found = this.current(account);
    return version === undefined || version === found.version ? found : undefined;
  }

  async list(): Promise<StoredSecretInfo[]> {
    const { secret, version } = this.current();
    return [{ name: this.#name, version, fingerprint: secret.fingerprint() }];
  }

  current(account?: string): StoredSecret {
    const given = account === undefined ? this.#given : undefined;
    const value = given ?? `fake-secret-of-${entryName(this.#name, account)}-v${this.#version}`;
    this.secrets.add(value);
    return { secret: Secret.from(value), version: String(this.#version) };
  }

  rotate(secret: string | undefined): string {
    this.#version += 1;
    this.#given = secret;
    return this.current().secret.reveal();
  }
}
