import { ClavigerError } from '../errors.js';
import { Secret, versionOf } from '../secret.js';
import { entryName } from './store.js';
import type { Store, StoredSecretInfo } from './store.js';

export interface EnvStoreOptions {
  /** Stands before every variable's name, verbatim; default none. */
  prefix?: string;
  /** Where the variables are; default `process.env`, read at each call. */
  env?: Record<string, string | undefined>;
}

/**
 * A store over environment variables, read only: the variable of `my-api` is the prefix and `MY_API`, the name in upper
 * case with every character but `A-Z`, `0-9` and `_` replaced by `_`.
 *
 * - An empty variable is not here. The value is taken as it is; nothing is stripped from it.
 * - Names that differ only in case or in such characters share a variable: the reading loses that. So that no two
 *   accounts ever do, an account is looked up (`GITHUB_ALICE`) only if it is made of `a-z` and `0-9`; others are not here.
 * - `list()` with a prefix tells the variables under it, by the name in lower case, as far as a name leads to them and
 *   their value is a usable secret. Without a prefix it is empty: which of all variables are secrets, nobody knows.
 *
 * @throws {@link ClavigerError} `ERR_SECRET_INVALID` from `get`, for a variable with a line break.
 *
 * @example
 * const store = envStore({ prefix: 'MYAPP_' });
 * const found = await store.get('github');      // MYAPP_GITHUB
 */
export function envStore({ prefix = '', env }: EnvStoreOptions = {}): Store {
  const read = (variable: string) => {
    const variables = env ?? process.env;
    return Object.hasOwn(variables, variable) ? variables[variable] : undefined;
  };

  return {
    kind: 'env',

    async get(name, { account, version, signal } = {}) {
      signal?.throwIfAborted();
      if (name === '' || (account !== undefined && !/^[a-z0-9]+$/.test(account))) return undefined;
      const variable = prefix + variableName(entryName(name, account));
      const value = read(variable);
      if (value === undefined || value === '') return undefined;
      const secret = secretOf(variable, value);
      const found = versionOf(secret);
      return version === undefined || version === found ? { secret, version: found, state: 'current' } : undefined;
    },

    async list() {
      if (prefix === '') return [];
      return Object.keys(env ?? process.env).flatMap((variable) => {
        const rest = variable.startsWith(prefix) ? variable.slice(prefix.length) : '';
        const value = read(variable);
        return rest !== '' && rest === variableName(rest) && value ? infoOf(rest.toLowerCase(), value) : [];
      });
    },
  };
}

function variableName(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9_]/g, '_');
}

function secretOf(variable: string, value: string): Secret {
  try {
    return Secret.from(value);
  } catch (error) {
    const reason = error instanceof ClavigerError ? error.message : 'it is not a usable secret';
    throw new ClavigerError('ERR_SECRET_INVALID', `environment variable ${variable}: ${reason}`, { store: 'env' });
  }
}

function infoOf(name: string, value: string): StoredSecretInfo[] {
  // A value that `get` refuses must not keep the others from being listed.
  if (/[\r\n\0]/.test(value)) return [];
  const secret = Secret.from(value);
  return [{ name, version: versionOf(secret), state: 'current', fingerprint: secret.fingerprint() }];
}
