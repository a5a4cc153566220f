import { ClavigerError, findClavigerError, safeCause } from '../errors.js';
import type { Redactor } from '../redaction/redactor.js';
import { loadSdk } from './sdk.js';

/** What is said of a server that could not be reached, or that did not answer. */
export class HttpFailures {
  /** Whether there was a handshake. */
  isStarted = false;
  readonly #host: string;
  readonly #redactor: Redactor;

  constructor({ host }: URL, redactor: Redactor) {
    this.#host = host;
    this.#redactor = redactor;
  }

  /**
   * Ours, that of a connection with a code, any other, all without secrets: ours name the host that a server redirects to.
   * What only tells that the connection was closed becomes the reason of that.
   */
  explained(error: unknown, closed: ClavigerError | undefined): unknown {
    const own = findClavigerError(error);
    if (own !== undefined) return this.#redactor.error(own);
    if (closed !== undefined && isClosing(error)) return closed;
    if (!(error instanceof TypeError) || error.cause === undefined) return this.#redactor.error(error);
    const cause = safeCause(error.cause);
    const code = this.isStarted ? 'ERR_TOOLSET_CLOSED' : 'ERR_TOOLSET_START';
    const message =
      this.isStarted && brokenOff.has(cause.message)
        ? `the connection to the MCP server at ${this.#host} broke off (${cause.message}); the call may have run and is not repeated`
        : `the MCP server at ${this.#host} can't be reached: ${cause.message}`;
    return new ClavigerError(code, message, { host: this.#host, cause });
  }

  noAnswer(reason?: unknown): Error {
    const own = findClavigerError(reason);
    if (own !== undefined) return this.#redactor.error(own);
    const host = this.#host;
    const cause = reason === undefined ? undefined : safeCause(reason);
    const problem = `the MCP server at ${host} ended its answer too early`;
    if (!this.isStarted) return new ClavigerError('ERR_TOOLSET_START', `${problem}, to initialize`, { host, cause });
    const message = `${problem}; the call may have run and is not repeated`;
    return new ClavigerError('ERR_TOOLSET_CLOSED', message, { host, cause });
  }
}

/** Of a connection that was there: the request may have arrived. */
const brokenOff = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

/** What the SDK and `fetch` give for what was broken off, or could not begin any more. */
function isClosing(error: unknown): boolean {
  const { McpError, ErrorCode } = loadSdk();
  if (error instanceof McpError) return error.message === closedMessage(ErrorCode.ConnectionClosed);
  return error instanceof Error && (error.name === 'AbortError' || error.message === 'Not connected');
}

/** Servers use that code for errors of their own. */
function closedMessage(code: number): string {
  return `MCP error ${String(code)}: Connection closed`;
}
