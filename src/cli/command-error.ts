/** The exit codes of the command line; a child's own come beside them. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  locked: 4,
  rejected: 5,
  refused: 6,
  plaintext: 7,
  interrupted: 130,
} as const;

/** A failure of the command line itself, with the code to leave with. */
export class CommandError extends Error {
  readonly exitCode: number;
  /** As `--json` tells it. */
  readonly code: string;

  constructor(message: string, { exitCode = 1, code = 'ERR_FAILED' }: { exitCode?: number; code?: string } = {}) {
    super(message);
    this.exitCode = exitCode;
    this.code = code;
  }
}

/** The command was not written as it has to be. The message never repeats an argument that could be a value. */
export function usageError(message: string): CommandError {
  return new CommandError(message, { exitCode: exitCodes.usage, code: 'ERR_USAGE' });
}

/** Ctrl-C at a prompt. */
export function interrupted(): CommandError {
  return new CommandError('interrupted: nothing was changed', {
    exitCode: exitCodes.interrupted,
    code: 'ERR_INTERRUPTED',
  });
}

/** The answer to a question was no. */
export function declined(): CommandError {
  return new CommandError('nothing was changed', { code: 'ERR_DECLINED' });
}

/** What a failed system call on a file means to the user. */
export function fileError(action: string, path: string, error: unknown): Error {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return error as Error;
  const hint = code === 'EACCES' || code === 'EPERM' ? ': check who owns it and its mode' : '';
  return new CommandError(`can't ${action} ${path} (${code})${hint}`, { code });
}
