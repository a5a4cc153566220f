import type { IncomingMessage, ServerResponse } from 'node:http';
import { configInvalid } from '../internal/validation.js';
import type { Access, Verification } from './access.js';
import type { Consumer } from './consumer.js';
import { consumerIn, type HeaderReader } from './guard-consumer.js';
import { answerTo, type GuardAnswer } from './guard-answer.js';

/** The app that has been verified, handed on with its request. */
export type VerifiedApp = Extract<Verification, { ok: true }>;

export interface GuardOptions {
  access: Access;
  /** What one's own API is called in the `providers` of products. */
  provider: string;
  /** Scopes that an access token needs; a consumer key has none to show. */
  scope?: string;
  /** Names the protection space in `WWW-Authenticate`; default the provider. */
  realm?: string;
  /** The header of consumer keys beside `Authorization: Bearer`; default `x-api-key`. */
  header?: string;
}

/** The same check for the three ways in which servers are written. */
export interface AccessGuard {
  /** For `http.createServer`: calls the handler with the verified app, or answers itself. */
  node(
    handler: (request: IncomingMessage, response: ServerResponse, app: VerifiedApp) => unknown,
  ): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** For Express and its like: sets `request.verifiedApp` and goes on, or answers itself. */
  express(): (
    request: IncomingMessage & { verifiedApp?: VerifiedApp },
    response: ServerResponse,
    next: (error?: unknown) => void,
  ) => void;
  /** For servers that take a `Request` and give a `Response`. */
  fetch(
    handler: (request: Request, app: VerifiedApp) => Response | Promise<Response>,
  ): (request: Request) => Promise<Response>;
}

/**
 * Verifies the callers of one's own API or MCP server: a consumer key in `x-api-key` or as a bearer token, or an access
 * token as a bearer token, for the method and path of the request.
 *
 * It answers 401, 403 and 429 with the fault, as Apigee's body has it, `WWW-Authenticate` (RFC 6750) and `Retry-After`; 503
 * while the rules can't be looked at. Each request that it lets pass takes one unit of quota.
 *
 * @throws ClavigerError `ERR_CONFIG_INVALID`
 *
 * @example
 * const guard = createGuard({ access, provider: 'users-api' });
 * createServer(guard.node((request, response, { app }) => response.end(`hello ${app}`))).listen(8080);
 */
export function createGuard(options: GuardOptions): AccessGuard {
  const { access, provider, header = 'x-api-key' } = options as Partial<GuardOptions>;
  if (typeof access?.verifyApiKey !== 'function' || typeof provider !== 'string') {
    throw configInvalid('the guard', [
      { path: '', message: 'needs access, from createAccess(), and provider, a name' },
    ]);
  }
  return new Guard(options, header.toLowerCase());
}

class Guard implements AccessGuard {
  readonly #options: GuardOptions;
  readonly #header: string;

  constructor(options: GuardOptions, header: string) {
    this.#options = options;
    this.#header = header;
  }

  node(
    handler: Parameters<AccessGuard['node']>[0],
  ): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
    return async (request, response) => {
      const verified = await this.#ofNode(request);
      if ('app' in verified) await handler(request, response, verified);
      else send(response, verified);
    };
  }

  express(): ReturnType<AccessGuard['express']> {
    return (request, response, next) => {
      this.#ofNode(request).then((verified) => {
        if (!('app' in verified)) return send(response, verified);
        request.verifiedApp = verified;
        next();
      }, next);
    };
  }

  fetch(handler: Parameters<AccessGuard['fetch']>[0]): (request: Request) => Promise<Response> {
    return async (request) => {
      const { pathname } = new URL(request.url);
      const read: HeaderReader = (name) => request.headers.get(name) ?? undefined;
      const verified = await this.#verify(request.method, pathname, read);
      if ('app' in verified) return handler(request, verified);
      const { status, headers, body } = verified;
      return new Response(request.method === 'HEAD' ? null : body, { status, headers });
    };
  }

  #ofNode(request: IncomingMessage & { originalUrl?: string }): Promise<VerifiedApp | GuardAnswer> {
    // Express cuts off where a router is mounted.
    const [path = ''] = (request.originalUrl ?? request.url ?? '').split('?');
    const read: HeaderReader = (name) => {
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    };
    return this.#verify(request.method ?? 'GET', path, read);
  }

  async #verify(method: string, path: string, read: HeaderReader): Promise<VerifiedApp | GuardAnswer> {
    const { provider, scope, realm = provider } = this.#options;
    const consumer = consumerIn(read, this.#header);
    let verification: Verification | undefined;
    try {
      verification = await this.#judge(consumer, method, path);
    } catch {
      // Whoever asks from outside is told no more than that.
    }
    return verification?.ok === true ? verification : answerTo(verification, { consumer, realm, scope });
  }

  #judge(consumer: Consumer | undefined, method: string, path: string): Promise<Verification> {
    const { access, provider, scope } = this.#options;
    // What a server behind us reads in a path may be another path than what we would make of it: nothing is repaired.
    const use = { provider, method, path: isPlain(path) ? path : '//' };
    if (consumer !== undefined && 'accessToken' in consumer) {
      return access.verifyAccessToken({ ...use, ...consumer, scope });
    }
    return access.verifyApiKey({ ...use, consumerKey: consumer?.consumerKey });
  }
}

/** A path without dot segments, which servers take away or not. */
function isPlain(path: string): boolean {
  return path.startsWith('/') && !/\/\.{1,2}(?:\/|$)/.test(path);
}

function send(response: ServerResponse, { status, headers, body }: GuardAnswer): void {
  response.writeHead(status, headers);
  response.end(body);
}
