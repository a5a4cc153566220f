import { ClavigerError } from '../errors.js';
import type { ServerEnd } from './server-process.js';

/** A server that ended, or could not be started, before it answered anything. */
export function startFailure(command: string, end: ServerEnd): ClavigerError {
  const why = end.failure === undefined ? how(end) : `it could not be run (${end.failure})`;
  const hint = end.failure === 'ENOENT' ? '; check the command and the PATH of the child' : lastWords(end);
  return new ClavigerError(
    'ERR_TOOLSET_START',
    `the MCP server "${command}" did not start: ${why}${hint}`,
    details(end),
  );
}

/** A server that ended in the middle of a session. */
export function endFailure(command: string, end: ServerEnd): ClavigerError {
  return new ClavigerError(
    'ERR_TOOLSET_CLOSED',
    `the MCP server "${command}" ended: ${how(end)}; a call that was under way is not repeated${lastWords(end)}`,
    details(end),
  );
}

/** A server that runs but does not answer the handshake as it should. */
export function handshakeFailure(command: string, problem: string, stderr?: string): ClavigerError {
  const message = `the MCP server "${command}" did not start: ${problem}`;
  return new ClavigerError('ERR_TOOLSET_START', message, { exitCode: null, signal: null, stderr });
}

/** A server that refuses `tools/list` where that has to be known. */
export function unlisted(command: string): ClavigerError {
  const message = `the MCP server "${command}" did not list its tools, so that nobody can tell which of them take a credential`;
  return new ClavigerError('ERR_PLACEMENT_INVALID', message);
}

/** An answer that is broken. */
export function unreadable(command: string): Error {
  return new Error(`the MCP server "${command}" sent an answer that is not JSON`);
}

function details({ exitCode, signal, stderr }: ServerEnd): Pick<ServerEnd, 'exitCode' | 'signal' | 'stderr'> {
  return { exitCode, signal, stderr };
}

function how({ exitCode, signal }: ServerEnd): string {
  return signal === null ? `exit code ${exitCode ?? 'unknown'}` : `ended by ${signal}`;
}

function lastWords({ stderr }: ServerEnd): string {
  const line = stderr.trimEnd().split('\n').at(-1)?.trim() ?? '';
  return line === '' ? '' : `; it said last: ${line.slice(0, 200)}`;
}
