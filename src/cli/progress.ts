import type { Terminal } from './terminal.js';

/** What takes no longer needs no telling. */
const SILENT_MS = 1000;
const TICK_MS = 500;

/** Tells what a long piece of work is at. */
export type Tell = (what: string) => void;

/**
 * Shows on a terminal's stderr what goes on and for how long, from the first second on; gone when it is done. Nothing is
 * shown in a file or a pipe.
 *
 * @example
 * await withProgress(terminal, 'asking github', (tell) => askAll(names, (name) => tell(`asking ${name}`)));
 */
export async function withProgress<T>(terminal: Terminal, what: string, work: (tell: Tell) => Promise<T>): Promise<T> {
  if (!terminal.watched) return work(() => undefined);
  let now = what;
  const start = performance.now();
  const show = () => {
    const passed = performance.now() - start;
    if (passed >= SILENT_MS) terminal.status(`${now} … ${Math.floor(passed / 1000)} s`);
  };
  const timer = setInterval(show, TICK_MS);
  timer.unref();
  try {
    return await work((text) => {
      now = text;
    });
  } finally {
    clearInterval(timer);
    terminal.status('');
  }
}
