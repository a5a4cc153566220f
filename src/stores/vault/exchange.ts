import type { Agent } from 'undici';
import { storeFailure } from '../store-failure.js';

export interface VaultRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal: AbortSignal | undefined;
}

export interface VaultAnswer {
  readonly status: number;
  readonly location: string | undefined;
  readonly retryAfter: string | undefined;
  /** Undefined for a body that is no JSON object. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
}

/** What one secret or one list of names may take. */
const MOST_BYTES = 8 * 1_048_576;

/**
 * HTTP with connections of its own: neither a dispatcher that somebody made global nor a variable in the environment can
 * take the token elsewhere or turn off the verification of certificates.
 */
export class Exchange {
  readonly #timeoutMs: number;
  #agent: Agent | undefined;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** @throws {@link ClavigerError} `ERR_STORE_UNAVAILABLE`; the reason of the signal after an abort */
  async send({ method, url, headers, body, signal }: VaultRequest): Promise<VaultAnswer> {
    const { Agent, request } = await import('undici');
    this.#agent ??= new Agent({ connect: { rejectUnauthorized: true, timeout: this.#timeoutMs } });
    const deadline = AbortSignal.timeout(this.#timeoutMs);
    const either = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
    try {
      const response = await request(url, {
        dispatcher: this.#agent,
        method,
        headers: {
          accept: 'application/json',
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: either,
      });
      const text = await readBounded(response.body);
      const { location, 'retry-after': retryAfter } = response.headers;
      return {
        status: response.statusCode,
        location: [location].flat()[0],
        retryAfter: [retryAfter].flat()[0],
        json: text === undefined ? undefined : objectIn(text),
      };
    } catch (error) {
      signal?.throwIfAborted();
      const what = deadline.aborted ? `did not answer within ${this.#timeoutMs} ms` : "can't be reached";
      throw storeFailure('ERR_STORE_UNAVAILABLE', 'vault', `${url.host} ${what}`, error);
    }
  }

  async close(): Promise<void> {
    const agent = this.#agent;
    this.#agent = undefined;
    await agent?.close();
  }
}

/** Undefined for what is longer than any answer. */
async function readBounded(body: AsyncIterable<Buffer>): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MOST_BYTES) return undefined;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The value if it is an object with members. */
export function asObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}
