import { findClavigerError, type ErrorCode } from '../errors.js';
import { CommandError, exitCodes } from './command-error.js';
import type { Terminal } from './terminal.js';

const byCode: Partial<Record<ErrorCode, number>> = {
  ERR_PROVIDER_NOT_FOUND: exitCodes.notFound,
  ERR_CREDENTIAL_NOT_FOUND: exitCodes.notFound,
  ERR_STORE_LOCKED: exitCodes.locked,
  ERR_DESTINATION_DENIED: exitCodes.refused,
  ERR_DESTINATION_INSECURE: exitCodes.refused,
  ERR_DESTINATION_AMBIGUOUS: exitCodes.refused,
  ERR_ACCESS_DENIED: exitCodes.refused,
  ERR_CONFIG_UNTRUSTED: exitCodes.refused,
};

/** Says what went wrong, to people or to programs, and gives the code to leave with. */
export function reportError(terminal: Terminal, error: unknown, json: boolean): number {
  const { code, message, exitCode } = describe(error);
  if (json) terminal.answerJson({ error: { code, message } });
  else terminal.note(`claviger: ${message}`);
  return exitCode;
}

/** The exit code that stands for an error. */
export function exitCodeFor(error: unknown): number {
  return describe(error).exitCode;
}

function describe(error: unknown): { code: string; message: string; exitCode: number } {
  if (error instanceof CommandError) return error;
  const own = findClavigerError(error);
  if (own !== undefined)
    return { code: own.code, message: own.message, exitCode: byCode[own.code] ?? exitCodes.failure };
  const { code, message, cause } = error as NodeJS.ErrnoException;
  const known = code ?? (cause as NodeJS.ErrnoException | undefined)?.code;
  return {
    code: known ?? 'ERR_FAILED',
    message: known === undefined || message.includes(known) ? message : `${message} (${known})`,
    exitCode: exitCodes.failure,
  };
}
