import { constants } from 'node:os';
import type { Streams } from './terminal.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGTSTP'] as const;

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';

export interface ShowOptions {
  readonly timeoutMs: number;
  /** Where signals arrive; `process`. */
  readonly signalled: Pick<NodeJS.Process, 'on' | 'off'>;
}

/**
 * Shows lines on the terminal's alternate screen until a key is pressed, the time is up or a signal comes. Afterwards nothing
 * of it is on the screen or in what can be scrolled back to: each row is overwritten before the screen is left, for terminals
 * that have no second one, and none is scrolled or cleared whole, which some terminals keep.
 *
 * @returns the exit code: 0, or 128 + the number of the signal
 */
export async function showOnAlternateScreen(
  { stdin, stdout }: Streams,
  lines: readonly string[],
  { timeoutMs, signalled }: ShowOptions,
): Promise<number> {
  let rows = stdout.rows;
  const onResize = () => (rows = Math.max(rows, stdout.rows));
  let left = false;
  const leave = () => {
    if (left) return;
    left = true;
    stdout.write(`${erasing(rows)}${LEAVE}`);
  };
  const raw = stdin.isRaw;
  const { promise: ended, resolve: end } = ending();
  const handlers = signals.map((signal) => [signal, () => end(128 + constants.signals[signal])] as const);
  for (const [signal, handler] of handlers) signalled.on(signal, handler);
  signalled.on('exit', leave);
  stdout.on('resize', onResize);
  const onKey = () => end(0);
  const timer = setTimeout(onKey, timeoutMs);
  try {
    stdin.setRawMode(true);
    for (const event of ['data', 'end', 'error']) stdin.on(event, onKey);
    stdin.resume();
    stdout.write(`${ENTER}${erasing(rows)}${lines.join('\r\n')}`);
    return await ended;
  } finally {
    leave();
    clearTimeout(timer);
    stdin.pause();
    for (const event of ['data', 'end', 'error']) stdin.off(event, onKey);
    stdin.setRawMode(raw);
    stdout.off('resize', onResize);
    signalled.off('exit', leave);
    for (const [signal, handler] of handlers) signalled.off(signal, handler);
  }
}

function ending(): { promise: Promise<number>; resolve: (code: number) => void } {
  let resolve: (code: number) => void = () => undefined;
  const promise = new Promise<number>((done) => (resolve = done));
  return { promise, resolve };
}

/** Every row emptied, and the cursor back at the top. */
function erasing(rows: number): string {
  const each = Array.from({ length: rows }, (_, index) => `\u001b[${index + 1};1H\u001b[2K`);
  return `${each.join('')}\u001b[H`;
}
