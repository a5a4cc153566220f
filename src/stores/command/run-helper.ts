import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { storeFailure } from '../store-failure.js';

export interface HelperCall {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Record<string, string | undefined>;
  readonly cwd: string | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** No API key is this long. */
const MOST_BYTES = 1_048_576;

/**
 * What a helper prints to stdout, once it has ended well. Neither its command line nor its output, stderr included, is in
 * any error: both may hold secrets.
 *
 * @throws {@link ClavigerError} `ERR_STORE_UNAVAILABLE`; the reason of the signal after an abort
 */
export function runHelper(call: HelperCall): Promise<Buffer> {
  const { command, args, env, cwd, timeoutMs, signal } = call;
  const detached = process.platform !== 'win32';
  let child: ChildProcess;
  try {
    child = spawn(command, args, {
      env,
      cwd,
      detached,
      shell: false,
      windowsHide: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch (error) {
    return Promise.reject(failure("the helper can't be run", error));
  }
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      settle();
    };
    const giveUp = (error: unknown) => {
      killGroup(child, detached);
      child.stdout?.destroy();
      end(() => reject(error));
    };
    const onAbort = () => giveUp(signal?.reason);
    const timer = setTimeout(() => giveUp(failure(`the helper did not end within ${timeoutMs} ms`)), timeoutMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    const chunks: Buffer[] = [];
    let size = 0;
    child.stdout?.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MOST_BYTES) giveUp(failure(`the helper printed more than ${MOST_BYTES} bytes`));
    });
    child.on('error', (error) => giveUp(failure("the helper can't be run", error)));
    child.on('close', (code, ended) => {
      if (code === 0) return end(() => resolve(Buffer.concat(chunks)));
      const how = code === null ? `by ${ended ?? 'a signal'}` : `with exit code ${code}`;
      return end(() => reject(failure(`the helper ended ${how}: run it by hand to see why`)));
    });
  });
}

/** The helper with everything that it started, as far as it stayed in its group. */
function killGroup({ pid }: ChildProcess, detached: boolean): void {
  if (pid === undefined) return;
  try {
    process.kill(detached ? -pid : pid, 'SIGKILL');
  } catch {
    // It has ended in the meantime.
  }
}

function failure(what: string, cause?: unknown) {
  return storeFailure('ERR_STORE_UNAVAILABLE', 'command', what, cause);
}
