import type { ClavigerError } from '../../errors.js';
import { abortable } from '../../internal/abortable.js';
import { Secret } from '../../secret.js';
import { storeFailure } from '../store-failure.js';
import { asObject, Exchange } from './exchange.js';
import type { VaultAnswer, VaultRequest } from './exchange.js';
import type { Lease, TokenSource } from './token.js';

export interface VaultCall {
  readonly method: VaultRequest['method'];
  /** Below `/v1/`, encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

const MOST_HOPS = 3;

/** Speaks Vault's HTTP API: the token, the namespace, one new token after a 403, and what the failures mean. */
export class VaultClient {
  readonly #base: URL;
  readonly #namespace: string | undefined;
  readonly #exchange: Exchange;

  constructor(base: URL, namespace: string | undefined, timeoutMs: number) {
    this.#base = base;
    this.#namespace = namespace;
    this.#exchange = new Exchange(timeoutMs);
  }

  /**
   * A call with a token. 2xx, 400 and 404 come back, for the caller to tell what they mean there.
   *
   * @throws {@link ClavigerError} `ERR_STORE_LOCKED` sealed, `ERR_STORE_DENIED`, `ERR_STORE_UNAVAILABLE` for the rest
   */
  async call(tokens: TokenSource, call: VaultCall): Promise<VaultAnswer> {
    const token = await abortable(tokens.current(), call.signal);
    const answer = await this.#send(call, token);
    if (answer.status !== 403) return this.#judge(answer);
    const other = await abortable(tokens.another(token), call.signal);
    return this.#judge(other === undefined ? answer : await this.#send(call, other));
  }

  async logIn(method: string, mount: string, body: Record<string, string>): Promise<Lease> {
    const answer = await this.#send({ method: 'POST', path: `auth/${encodePath(mount)}/login`, body });
    // AppRole answers a wrong role or secret id with 400.
    if (answer.status === 400) throw storeFailure('ERR_STORE_DENIED', 'vault', `the ${method} login was refused`);
    return this.#leaseOf(this.#judge(answer), `the ${method} login`);
  }

  async renew(token: Secret): Promise<Lease> {
    const answer = await this.#send({ method: 'POST', path: 'auth/token/renew-self', body: {} }, token);
    return this.#leaseOf(this.#judge(answer), 'the renewal');
  }

  unavailable(what: string): ClavigerError {
    return storeFailure('ERR_STORE_UNAVAILABLE', 'vault', `${this.#base.host} ${what}`);
  }

  close(): Promise<void> {
    return this.#exchange.close();
  }

  /** Follows a standby's redirect as long as it stays with the origin that the token is meant for. */
  async #send({ method, path, query, body, signal }: VaultCall, token?: Secret): Promise<VaultAnswer> {
    const headers = {
      'x-vault-request': 'true',
      ...(token !== undefined && { 'x-vault-token': token.reveal() }),
      ...(this.#namespace !== undefined && { 'x-vault-namespace': this.#namespace }),
    };
    let url = new URL(`v1/${path}`, this.#base);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    for (let hop = 0; hop <= MOST_HOPS; hop++) {
      const answer = await this.#exchange.send({ method, url, headers, body, signal });
      if (answer.status < 300 || answer.status >= 400) return answer;
      const next = answer.location === undefined ? undefined : parsed(answer.location, url);
      if (next?.origin !== url.origin || (method !== 'GET' && answer.status < 307)) {
        throw this.unavailable(
          `redirects to another server, where its token must not go: give the address of that one`,
        );
      }
      url = next;
    }
    throw this.unavailable('redirects without end');
  }

  #judge(answer: VaultAnswer): VaultAnswer {
    const { status, retryAfter } = answer;
    if (status < 300 || status === 400 || status === 404) return answer;
    const { host } = this.#base;
    if (status >= 500 && errorsOf(answer)?.some((text) => /sealed/i.test(text))) {
      throw storeFailure('ERR_STORE_LOCKED', 'vault', `${host} is sealed: unseal it`);
    }
    if (status === 401 || status === 403) {
      throw storeFailure('ERR_STORE_DENIED', 'vault', `${host} refused (${status}): check the token and its policies`);
    }
    const wait = retryAfter !== undefined && /^\d{1,6}$/.test(retryAfter) ? `, try again in ${retryAfter} s` : '';
    throw this.unavailable(`answered ${status}${wait}`);
  }

  #leaseOf(answer: VaultAnswer, what: string): Lease {
    const { client_token: token, lease_duration: seconds, renewable } = asObject(answer.json?.['auth']) ?? {};
    if (
      answer.status >= 300 ||
      typeof token !== 'string' ||
      token === '' ||
      typeof seconds !== 'number' ||
      !(seconds >= 0)
    ) {
      throw this.unavailable(`gave no token for ${what} (${answer.status}): check the address and the mount`);
    }
    let secret: Secret;
    try {
      secret = Secret.from(token);
    } catch {
      throw this.unavailable(`gave an unusable token for ${what}`);
    }
    return { token: secret, durationMs: seconds * 1000, renewable: renewable === true };
  }
}

/** Vault's own messages; they are looked at and never repeated. */
export function errorsOf({ json }: VaultAnswer): string[] | undefined {
  const errors = json?.['errors'];
  return Array.isArray(errors) ? errors.filter((error) => typeof error === 'string') : undefined;
}

/** Each segment encoded, so that nothing in a name is taken for something else. */
export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

function parsed(location: string, base: URL): URL | undefined {
  try {
    return new URL(location, base);
  } catch {
    return undefined;
  }
}
