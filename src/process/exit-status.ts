import { constants } from 'node:os';

/** How a child ended: by itself (`exitCode`) or by a signal. Exactly one of the two is set. */
export interface ExitStatus {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The exit code that a shell would report: the child's own, or 128 + n when signal n ended it. */
export function exitCodeOf(status: ExitStatus): number {
  if (status.exitCode !== null) return status.exitCode;
  return status.signal === null ? 1 : 128 + constants.signals[status.signal];
}

/**
 * The exit code for a command that did not start: 127 when there is no such command, 126 when it can't be run
 * (POSIX.1-2024, Shell Command Language §2.8.2).
 */
export function spawnExitCode(error: unknown): 126 | 127 {
  return (error as { code?: unknown } | null | undefined)?.code === 'ENOENT' ? 127 : 126;
}
