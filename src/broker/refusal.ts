import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { ClavigerError, findClavigerError, type ErrorCode } from '../errors.js';

/** Apigee's fault for a quota that is used up. */
const QUOTA_FAULT = 'policies.ratelimit.QuotaViolation';

const statuses: Partial<Record<ErrorCode, number>> = {
  ERR_DESTINATION_AMBIGUOUS: 400,
  ERR_BROKER_UNAUTHORIZED: 401,
  ERR_DESTINATION_DENIED: 403,
  ERR_DESTINATION_INSECURE: 403,
  ERR_ACCESS_DENIED: 403,
  ERR_BROKER_UPSTREAM: 502,
};

/** Why a request is not carried out, as the caller is told: a status, a code, and a message without a secret in it. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: ErrorCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: ErrorCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** What the caller is told of an error. One that is not ours could hold anything: only its kind is told. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const own = findClavigerError(error);
  if (own === undefined) return new Refusal(502, 'ERR_BROKER_UPSTREAM', 'the request could not be carried out');
  const status = own.fault === QUOTA_FAULT ? 429 : (statuses[own.code] ?? 503);
  return new Refusal(status, own.code, own.message);
}

export function malformed(message: string): Refusal {
  return new Refusal(400, 'ERR_DESTINATION_AMBIGUOUS', message);
}

/** The error of a request that did not get through. The message of foreign code can hold anything: its code can't. */
export function upstreamFailure(host: string, error: unknown): Error {
  const own = findClavigerError(error);
  if (own !== undefined) return own;
  const code = (error as { code?: unknown } | null)?.code;
  const why = typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? ` (${code})` : '';
  return new ClavigerError('ERR_BROKER_UPSTREAM', `the request to ${host} failed${why}`, { host });
}

/** Answers with a refusal, and with nothing more once an answer has begun. */
export function refuse(response: ServerResponse, refusal: Refusal): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const body = bodyOf(refusal);
  // What is left of the request is not read: the connection can't serve another one.
  const rest = response.req.complete ? {} : { connection: 'close' };
  response.writeHead(refusal.status, { ...refusal.headers, ...headersOf(body), ...rest });
  response.end(body);
}

/** The same where there is no response object: before a request was understood, and for a tunnel. */
export function refuseSocket(socket: Duplex, statusLine: string, refusal: Refusal): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = bodyOf(refusal);
  const headers = { ...refusal.headers, ...headersOf(body), connection: 'close' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${statusLine}\r\n${lines.join('')}\r\n${body}`, () => socket.destroy());
}

function bodyOf({ code, message }: Refusal): string {
  return JSON.stringify({ error: { code, message } });
}

function headersOf(body: string): Record<string, string> {
  return {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'no-store',
  };
}
