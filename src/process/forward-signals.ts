import type { ProcessTree } from './process-tree.js';

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** What a terminal sends to everybody in its foreground, when its keys are pressed. */
const fromTerminal = ['SIGINT', 'SIGQUIT'] as const;

/**
 * Passes SIGINT, SIGTERM and SIGHUP that reach us on to every process of a tree, so that we outlive it and can report
 * how it ended. Call what it returns to stop.
 *
 * @example
 * const stop = forwardSignals(tree);
 * const status = await tree.exited;
 * stop();
 */
export function forwardSignals(tree: Pick<ProcessTree, 'kill'>, from: NodeJS.EventEmitter = process): () => void {
  const listener = (signal: NodeJS.Signals): void => {
    tree.kill(signal);
  };
  for (const signal of forwarded) from.on(signal, listener);
  return () => {
    for (const signal of forwarded) from.off(signal, listener);
  };
}

/**
 * The same for a tree that shares our terminal. Ctrl-C and Ctrl-\\ reach it by themselves, and a second time would mean
 * more to many programs; we only outlive them. A Ctrl-Z stops us both, and `fg` goes on with both, without our doing.
 */
export function shareSignals(tree: Pick<ProcessTree, 'kill'>, from: NodeJS.EventEmitter = process): () => void {
  const forward = (signal: NodeJS.Signals): void => {
    tree.kill(signal);
  };
  const ignore = (): void => undefined;
  const others = forwarded.filter((signal) => signal !== 'SIGINT');
  for (const signal of others) from.on(signal, forward);
  for (const signal of fromTerminal) from.on(signal, ignore);
  return () => {
    for (const signal of others) from.off(signal, forward);
    for (const signal of fromTerminal) from.off(signal, ignore);
  };
}
