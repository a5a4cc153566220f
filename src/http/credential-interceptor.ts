import { ClavigerError } from '../errors.js';
import type { AnyDispatch, Dispatch, DispatchOptions } from './dispatch.js';
import { HttpPolicy, type HttpOptions } from './http-policy.js';
import { Journey } from './journey.js';
import { modernHandler } from './legacy-handler.js';

/** Fits `compose()` of undici 7 and of undici 8. */
export type CredentialInterceptor = <D extends AnyDispatch>(dispatch: D) => D;

/**
 * An interceptor that adds the credential to each request that its destinations admit. It belongs innermost, which is
 * first in `compose`: retry and redirect interceptors then see requests without a credential.
 *
 * It sees single requests, so with `{ auth }` it refuses everything outside the destinations, redirected or not. What
 * follows redirects to the outside is {@link createFetch} and {@link createAgent}, which also keep the order.
 *
 * Requests lose what could lead elsewhere (`X-Forwarded-Host`, method overrides, headers of one connection) and `Range`, get
 * `Accept-Encoding: identity`, and `Cache-Control: no-store` where the credential is not in `Authorization`. Responses come
 * back redacted, decoded, and marked `no-store`, as a cache further out can't tell one caller's from another's; where their
 * length may change, `Content-Length`, `ETag` and digests go. `redact: false` leaves `Range` and the body as they are.
 *
 * @throws ClavigerError `ERR_CONFIG_INVALID` when made without `auth` or `registry`. Requests fail with `ERR_DESTINATION_*`,
 * `ERR_CREDENTIAL_*`, `ERR_STORE_*`, `ERR_PLACEMENT_INVALID`, and `ERR_BROKER_UPSTREAM` for a body that can't be read.
 *
 * @example
 * const dispatcher = new Agent().compose(credentialInterceptor({ auth }), interceptors.retry(), interceptors.redirect());
 */
export function credentialInterceptor(options: HttpOptions & { redact?: boolean }): CredentialInterceptor {
  const policy = new HttpPolicy(options, options.redact);
  const intercept = (dispatch: Dispatch, pinned?: unknown): Dispatch => {
    return (requested, handler) => {
      // undici 8 tells where a Client or a Pool goes, whatever a request says.
      if (typeof pinned === 'string') assertPinned(requested, pinned);
      return policy.send(requested, modernHandler(handler), dispatch, new Journey());
    };
  };
  return intercept as unknown as CredentialInterceptor;
}

function assertPinned({ origin }: DispatchOptions, pinned: string): void {
  if (origin === undefined || new URL(origin).origin === pinned) return;
  const { host } = new URL(pinned);
  const message = `the request names another origin than that of its client, ${host}: use an Agent`;
  throw new ClavigerError('ERR_DESTINATION_AMBIGUOUS', message, { host });
}
