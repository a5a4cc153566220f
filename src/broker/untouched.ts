import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent } from 'undici';
import { dispatchOf, type DispatchController } from '../http/dispatch.js';
import { ClientResponse } from './client-response.js';
import type { ForwardTarget } from './forward-target.js';
import { refusalOf, refuse, upstreamFailure } from './refusal.js';
import { RequestBody } from './request-body.js';

/** What belongs to the connection with the proxy (RFC 9110 §7.6.1). */
const ofConnection =
  /^(?:connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|content-length|host|proxy-.*)$/i;

/**
 * Passes on a request that is nobody's of the session's business, as a plain proxy does: without a credential, to the
 * address that was found harmless.
 */
export function passOn(
  request: IncomingMessage,
  response: ServerResponse,
  { origin, path, authority }: ForwardTarget,
  address: string,
  slowMs: number,
): void {
  const family = address.includes(':') ? 6 : 4;
  const agent = new Agent({
    connect: {
      rejectUnauthorized: true,
      lookup: (_name, { all }, callback) => {
        if (all === true) callback(null, [{ address, family }]);
        else callback(null, address, family);
      },
    },
  });
  const body = new RequestBody(request, response, slowMs, request.headers.expect !== undefined);
  const headers: string[] = [];
  const { rawHeaders } = request;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = [rawHeaders[index], rawHeaders[index + 1]];
    if (!ofConnection.test(name)) headers.push(name, value);
  }
  const { contentLength } = body;
  if (contentLength !== undefined) headers.push('content-length', contentLength);
  const handler = new PassedResponse(response, authority.host, () => body.discard());
  response.once('close', () => void agent.destroy());
  dispatchOf(agent)({ origin, path, method: request.method ?? '', headers, body: body.take() }, handler);
}

class PassedResponse extends ClientResponse {
  readonly #to: ServerResponse;
  readonly #host: string;

  constructor(response: ServerResponse, host: string, onEnd: () => void) {
    super(response, undefined, onEnd);
    this.#to = response;
    this.#host = host;
  }

  override onResponseError(_controller?: DispatchController, error?: Error): void {
    refuse(this.#to, refusalOf(upstreamFailure(this.#host, error)));
  }
}
