import { readFile } from 'node:fs/promises';
import { Secret } from '../../secret.js';
import { storeFailure } from '../store-failure.js';

/** Where the token of a request comes from. */
export interface TokenSource {
  current(): Promise<Secret>;
  /** Another token after this one was refused; undefined where there is none to be had. */
  another(refused: Secret): Promise<Secret | undefined>;
}

/** What a login or a renewal gives. */
export interface Lease {
  readonly token: Secret;
  /** 0: it does not end. */
  readonly durationMs: number;
  readonly renewable: boolean;
}

export interface LoginSteps {
  login(): Promise<Lease>;
  renew(token: Secret): Promise<Lease>;
}

/** A lease is renewed when so much of it is over. */
const RENEW_AFTER = 2 / 3;
/** After a renewal that failed, while the token is still good. */
const RETRY_MS = 5_000;

export function fixedToken(token: Secret): TokenSource {
  return { current: async () => token, another: async () => undefined };
}

/** A file that an agent keeps fresh: read at each use. */
export function tokenFromFile(path: string): TokenSource {
  const read = () => readSecretFile(path);
  return {
    current: read,
    async another(refused) {
      const token = await read();
      return token.equals(refused) ? undefined : token;
    },
  };
}

/** A token that is logged in for, renewed at two thirds of its lease, and logged in for anew when that fails. */
export class LoginToken implements TokenSource {
  readonly #steps: LoginSteps;
  readonly #now: () => number;
  #held: (Lease & { readonly renewAt: number; readonly endsAt: number }) | undefined;
  #flight: Promise<Secret> | undefined;

  constructor(steps: LoginSteps, now: () => number) {
    this.#steps = steps;
    this.#now = now;
  }

  current(): Promise<Secret> {
    const held = this.#held;
    if (held !== undefined && this.#now() < held.renewAt) return Promise.resolve(held.token);
    return this.#shared(() => this.#renewOrLogIn());
  }

  another(refused: Secret): Promise<Secret | undefined> {
    const held = this.#held;
    if (held !== undefined && !held.token.equals(refused)) return Promise.resolve(held.token);
    this.#held = undefined;
    return this.#shared(() => this.#logIn());
  }

  /** Whoever needs a token while one is on its way waits for that one. */
  #shared(work: () => Promise<Secret>): Promise<Secret> {
    this.#flight ??= work().finally(() => {
      this.#flight = undefined;
    });
    return this.#flight;
  }

  async #renewOrLogIn(): Promise<Secret> {
    const held = this.#held;
    if (held === undefined || this.#now() >= held.endsAt) return this.#logIn();
    try {
      return this.#keep(held.renewable ? await this.#steps.renew(held.token) : await this.#steps.login());
    } catch {
      return this.#logIn().catch(() => {
        this.#held = { ...held, renewAt: Math.min(this.#now() + RETRY_MS, held.endsAt) };
        return held.token;
      });
    }
  }

  async #logIn(): Promise<Secret> {
    return this.#keep(await this.#steps.login());
  }

  #keep(lease: Lease): Secret {
    const now = this.#now();
    const lasting = lease.durationMs === 0 ? Infinity : lease.durationMs;
    this.#held = { ...lease, renewAt: now + lasting * RENEW_AFTER, endsAt: now + lasting };
    return lease.token;
  }
}

/** A token, secret id or JWT in a file, less its final newline. */
export async function readSecretFile(path: string): Promise<Secret> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw storeFailure('ERR_STORE_UNAVAILABLE', 'vault', `can't read ${path} (${code ?? 'unknown error'})`, error);
  }
  try {
    return Secret.from(text.replace(/\r?\n$/, ''));
  } catch {
    throw storeFailure('ERR_STORE_UNAVAILABLE', 'vault', `${path} must hold one line and nothing else`);
  }
}
