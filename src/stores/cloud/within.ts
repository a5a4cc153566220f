import { abortable } from '../../internal/abortable.js';

/** What a call to somebody else's client is given to end by: our deadline, and the caller's own signal. */
export interface Limits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Which a client that takes no signal leaves running, and whose answer nobody waits for any more. */
export async function within<T>({ timeoutMs, signal }: Limits, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(new DOMException('', 'TimeoutError')), timeoutMs);
  const either = signal === undefined ? deadline.signal : AbortSignal.any([signal, deadline.signal]);
  try {
    return await abortable(call(either), either);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
