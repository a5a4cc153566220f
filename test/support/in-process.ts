import { PassThrough } from 'node:stream';
import { vi } from 'vitest';
import { runCommandLine } from '../../src/cli/dispatch.js';
import { Terminal, type Streams } from '../../src/cli/terminal.js';
import type { CliResult } from './cli.js';

export interface FakeOptions {
  /** Whether stdout and stderr are terminals; stdin never is. */
  tty?: boolean;
  columns?: number;
}

/** Streams that remember what was written. */
function fakeStreams({ tty = false, columns }: FakeOptions = {}) {
  const written = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof written) => {
    const through = new PassThrough();
    through.on('data', (chunk: Buffer) => (written[name] += chunk.toString('utf8')));
    return Object.assign(through, { isTTY: tty, columns }) as unknown as NodeJS.WriteStream;
  };
  const stdin = Object.assign(new PassThrough(), { isTTY: false }) as unknown as NodeJS.ReadStream;
  const streams: Streams = { stdin, stdout: stream('stdout'), stderr: stream('stderr') };
  return { streams, written };
}

/** A terminal whose output is looked at. */
export function fakeTerminal(options: FakeOptions & { env?: NodeJS.ProcessEnv } = {}) {
  const { streams, written } = fakeStreams(options);
  return { terminal: new Terminal(streams, options.env ?? {}), written };
}

/**
 * Runs a command line in this process: it costs nothing to start. The store's own look into the environment sees what is
 * given here as well.
 */
export async function runHere(
  args: readonly string[],
  { env, cwd, ...options }: FakeOptions & { env: NodeJS.ProcessEnv; cwd: string },
): Promise<CliResult> {
  const { streams, written } = fakeStreams(options);
  const host = { ...streams, env, cwd: () => cwd, exitCode: undefined as number | string | undefined };
  for (const name of ['HOME', 'XDG_CONFIG_HOME', 'CLAVIGER_HOME']) vi.stubEnv(name, env[name]);
  try {
    await runCommandLine(args, host);
  } finally {
    vi.unstubAllEnvs();
  }
  return { code: Number(host.exitCode), ...written };
}
