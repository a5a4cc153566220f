import type { ProcessTree } from './process-tree.js';

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

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
