/** Where in a call a credential goes. Placements are plain data: these functions only build it. */
export type Placement = RequestPlacement | ProcessPlacement | ParameterPlacement;

/** A placement in an HTTP request. */
export type RequestPlacement = HeaderPlacement | QueryPlacement | CookiePlacement | BasicPlacement;

/** A placement in a child process, at its start. */
export type ProcessPlacement = EnvPlacement | FilePlacement | ArgumentPlacement;

export interface HeaderPlacement {
  readonly in: 'header';
  readonly name: string;
  /** Put before the value verbatim, its trailing space included. */
  readonly prefix?: string;
}

export interface QueryPlacement {
  readonly in: 'query';
  readonly name: string;
}

export interface CookiePlacement {
  readonly in: 'cookie';
  readonly name: string;
}

export interface BasicPlacement {
  readonly in: 'basic';
  readonly secretAs?: 'password' | 'username';
  readonly username?: string;
  readonly password?: string;
}

export interface ParameterPlacement<N extends string | number = string | number> {
  readonly in: 'parameter';
  readonly name: N;
}

export interface EnvPlacement {
  readonly in: 'env';
  readonly name: string;
  readonly template?: string;
}

export interface FilePlacement {
  readonly in: 'file';
  readonly name: string;
}

export interface ArgumentPlacement {
  readonly in: 'argument';
  readonly template: string;
}

/** A request header. `header('Authorization', { prefix: 'Token ' })` sends `Authorization: Token KEY`. */
export function header(name: string, options: { prefix?: string } = {}): HeaderPlacement {
  return options.prefix === undefined ? { in: 'header', name } : { in: 'header', name, prefix: options.prefix };
}

/** `Authorization: Bearer KEY` (RFC 6750 §2.1). */
export function bearer(): HeaderPlacement {
  return { in: 'header', name: 'Authorization', prefix: 'Bearer ' };
}

/** A query parameter. Prefer a header where the API takes one: URLs end up in logs. */
export function query(name: string): QueryPlacement {
  return { in: 'query', name };
}

/** One cookie among others (RFC 6265 §4.2). */
export function cookie(name: string): CookiePlacement {
  return { in: 'cookie', name };
}

/**
 * HTTP Basic (RFC 7617). The secret is the password unless `secretAs: 'username'`. The user name is the option, else
 * the credential's own, else empty.
 */
export function basic(
  options: { secretAs?: 'password' | 'username'; username?: string; password?: string } = {},
): BasicPlacement {
  return { in: 'basic', ...options };
}

/** A named property of the first argument, or a position that is *inserted* among the arguments. */
export function parameter<const N extends string | number>(name: N): ParameterPlacement<N> {
  return { in: 'parameter', name };
}

/** A variable of a child's environment. `{}` in the template stands for the secret: `env('API_HEADERS', { template: 'X-API-Key:{}' })`. */
export function env(name: string, options: { template?: string } = {}): EnvPlacement {
  return options.template === undefined ? { in: 'env', name } : { in: 'env', name, template: options.template };
}

/** A 0600 file whose path goes into the variable `name` of a child's environment. */
export function file(name: string): FilePlacement {
  return { in: 'file', name };
}

/** A command-line argument, `{}` standing for the secret. Every user of the machine can read it: use it last. */
export function argument(template: string): ArgumentPlacement {
  return { in: 'argument', template };
}

export function isRequestPlacement(placement: Placement): placement is RequestPlacement {
  return placement.in === 'header' || placement.in === 'query' || placement.in === 'cookie' || placement.in === 'basic';
}
