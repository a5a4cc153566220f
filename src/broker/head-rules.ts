import type { IncomingMessage } from 'node:http';
import { malformed, Refusal } from './refusal.js';

/**
 * Refuses what two programs could read as two requests. llhttp has refused most of it before (two lengths, a length beside a
 * transfer coding, bare line feeds, folded lines, control characters): this is what it lets through.
 *
 * @throws Refusal 400
 */
export function assertOneReading({ httpVersion, headers, rawHeaders, method, url = '' }: IncomingMessage): void {
  if (httpVersion !== '1.1' && httpVersion !== '1.0')
    throw malformed('the request is of no HTTP version that is known here');
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || httpVersion === '1.0')) {
    throw malformed('the request has a transfer coding other than chunked');
  }
  if (coding !== undefined && headers['content-length'] !== undefined) {
    throw malformed('the request has both a length and a transfer coding');
  }
  const hosts = countOf(rawHeaders, 'host');
  // Python asks for a tunnel without one: its target says the same.
  if (hosts !== 1 && !(hosts === 0 && method === 'CONNECT'))
    throw malformed('the request needs exactly one Host header');
  if (countOf(rawHeaders, 'content-length') > 1) throw malformed('the request has more than one length');
  if (!/^[!-~]+$/.test(url)) throw malformed('the request target holds a space, a control or a non-ASCII character');
}

/**
 * Refuses what comes from a web page. `Sec-Fetch-Mode` says nothing: Node's own fetch sends it.
 *
 * @throws Refusal 403
 */
export function assertNoBrowser({ headers }: IncomingMessage): void {
  if (headers.origin === undefined && headers['sec-fetch-site'] === undefined) return;
  throw new Refusal(403, 'ERR_BROKER_UNAUTHORIZED', 'web pages are not served here');
}

/**
 * Refuses a name that somebody else made resolve to this machine.
 *
 * @throws Refusal 403
 */
export function assertOwnHost({ headers }: IncomingMessage, port: number): void {
  const { host = '' } = headers;
  if (host === `127.0.0.1:${port}` || host.toLowerCase() === `localhost:${port}`) return;
  if (port === 80 && (host === '127.0.0.1' || host.toLowerCase() === 'localhost')) return;
  throw new Refusal(403, 'ERR_BROKER_UNAUTHORIZED', 'the Host header names another host than this one');
}

/** @throws Refusal 501 */
export function assertNoWebSocket({ headers }: IncomingMessage): void {
  if (!/\bwebsocket\b/i.test(headers.upgrade ?? '')) return;
  throw new Refusal(501, 'ERR_BROKER_UPSTREAM', 'the broker does not carry websockets', { connection: 'close' });
}

function countOf(rawHeaders: readonly string[], name: string): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.length === name.length && rawHeaders[index]?.toLowerCase() === name) count++;
  }
  return count;
}
