import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { ClavigerError, isClavigerError } from '../errors.js';
import { inheritedEnvironment, type Environment } from '../process/child-environment.js';
import { spawnExitCode, type ExitStatus } from '../process/exit-status.js';
import { forwardSignals } from '../process/forward-signals.js';
import type { Injection } from '../process/injection.js';
import { createLineReader } from '../process/line-reader.js';
import { LineWriter } from './line-writer.js';
import { divideInjections } from './mcp-injections.js';
import { guessId } from './message-line.js';
import { Relay } from './relay.js';
import type { Connection } from './server.js';
import type { ServerEnd } from './server-process.js';
import { boundedWriter, lineWriter } from './stderr-lines.js';

export interface StdioLauncherOptions {
  inject: Injection[];
  /** The server. It inherits our own environment, without our `CLAVIGER_*`. */
  connection: Connection;
  /** Takes what the server writes to stderr, and to stdout beside the protocol; default our own stderr. */
  onStderr?: (redactedLine: string) => void;
  /** Where the client's messages come from; default stdin. */
  input?: Readable;
  /** Where messages for the client go, and nothing else; default stdout. */
  output?: Writable;
  /** Whether a server is replaced when a credential that it was started with has changed; default true. */
  respawn?: boolean;
  /** The longest message; default 64 MiB. The answer to a longer one is an error. */
  maxMessageBytes?: number;
  /** What the server inherits; default our own environment. */
  env?: Environment;
  /** Where SIGINT, SIGTERM and SIGHUP come from, which end it; default our own process. */
  signals?: NodeJS.EventEmitter;
}

/** A stdio server with credentials, as any MCP client can run it in place of the server itself. */
export interface StdioLauncher extends AsyncDisposable {
  /**
   * How it ended: 0 after the end of input, else as the server did, 126 or 127 for one that can't be run, 1 for one that has
   * no credential, or the signal that ended us. Never rejects; nothing is left of the server then.
   */
  readonly exited: Promise<ExitStatus>;
  /** Why there is no server, as the client was told; undefined where there is one. */
  readonly failure: ClavigerError | undefined;
  /** Ends the server with everything that it started, within a second. */
  close(): Promise<void>;
}

/**
 * Runs an MCP server between a client's standard input and output, with credentials that the client's configuration never
 * holds. Lines that need no change pass byte for byte, whatever protocol version they are of.
 *
 * A server that can't be started is told to the client, as the error that answers its requests.
 *
 * @throws ClavigerError `ERR_PLACEMENT_INVALID`, `ERR_CONFIG_INVALID` for options that can't work
 *
 * @example
 * const launcher = await createStdioLauncher({
 *   inject: [{ auth: apiKeyAuth({ providerName: 'github' }) }],
 *   connection: { command: 'npx', args: ['-y', '@modelcontextprotocol/server-github'] },
 * });
 * process.exitCode = exitCodeOf(await launcher.exited);
 */
export async function createStdioLauncher(options: StdioLauncherOptions): Promise<StdioLauncher> {
  return new Launcher(options);
}

/** JSON-RPC 2.0 §5.1. */
const internalError = -32603;
const defaultMaxMessageBytes = 64 * 1024 * 1024;
const handshakeTimeoutMs = 180_000;
/** How long after the end of input answers may still come. */
const lastAnswersMs = 30_000;
/** How long the client may take to read them. */
const lastReadsMs = 5000;
const pollMs = 200;

class Launcher implements StdioLauncher {
  readonly exited: Promise<ExitStatus>;
  readonly #relay: Relay;
  readonly #input: Readable;
  readonly #output: Writable;
  readonly #lines: LineWriter;
  readonly #parent = process.ppid;
  #settle: (status: ExitStatus) => void = () => undefined;
  #closing: Promise<void> | undefined;
  #isClientGone = false;
  /** How the server ended, and whether the client has been told. */
  #end: ServerEnd | undefined;
  #hasTold = false;
  #hasFailed = false;
  /** The client is slow to read. */
  #isHeldUp = false;
  failure: ClavigerError | undefined;
  readonly #say: (bytes: Uint8Array) => void;
  readonly #release: () => void;

  constructor(options: StdioLauncherOptions) {
    const { connection, onStderr, respawn = true, env, maxMessageBytes = defaultMaxMessageBytes } = options;
    this.#input = options.input ?? process.stdin;
    this.#output = options.output ?? process.stdout;
    this.#lines = new LineWriter(this.#output);
    this.exited = new Promise((resolve) => (this.#settle = resolve));
    this.#say = onStderr === undefined ? boundedWriter(process.stderr) : lineWriter(onStderr);
    this.#relay = new Relay({
      connection,
      environment: inheritedEnvironment(env),
      injections: divideInjections(options.inject),
      respawn,
      needsParameters: false,
      maxMessageBytes,
      handshakeTimeoutMs,
      deliver: (line) => this.#deliver(line),
      fail: (id, error) => this.#fail(id, error),
      onStderr: this.#say,
      onEnd: (end) => this.#onEnd(end),
    });
    const onSignal = (signal: NodeJS.Signals): void => {
      this.#relay.kill(signal);
      void this.#close({ exitCode: null, signal });
    };
    this.#release = forwardSignals({ kill: onSignal }, options.signals);
    this.#output.on('error', () => this.#onClientGone());
    this.#output.on('close', () => this.#onClientGone());
    this.#relay.start();
    this.#read(maxMessageBytes);
  }

  close(): Promise<void> {
    return this.#close({ exitCode: 0, signal: null });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #read(maxLineBytes: number): void {
    const input = this.#input;
    const onLine = (line: Buffer): void => {
      if (line.length > 0) this.#relay.receive(line);
    };
    const onTooLong = (beginning: Buffer, bytes: number, ending: Buffer): void => {
      const id = guessId(beginning, ending) ?? 'null';
      this.#fail(id, new Error(`a message of ${bytes} bytes is too long: at most ${maxLineBytes} are allowed`));
    };
    const reader = createLineReader({ onLine, onTooLong, maxLineBytes });
    input.on('data', (chunk: Buffer) => {
      reader.push(chunk);
      const { backlog } = this.#relay;
      if (backlog === undefined) return;
      input.pause();
      void backlog.then(() => {
        if (this.#closing === undefined) input.resume();
      });
    });
    const onEnd = (): void => {
      onLine(reader.end());
      void this.#finish();
    };
    input.once('end', onEnd);
    input.once('close', () => void this.#finish());
    input.on('error', () => void this.#finish());
  }

  /** Nothing more will be asked: what is under way is answered first, if anybody is left to hear it. */
  async #finish(): Promise<void> {
    const answered = this.#relay.idle().then(() => true);
    const deadline = Date.now() + lastAnswersMs;
    while (Date.now() < deadline && !this.#isClientGone && process.ppid === this.#parent) {
      if (await Promise.race([answered, delay(pollMs, false)])) break;
    }
    await this.#close(undefined);
  }

  #onClientGone(): void {
    this.#isClientGone = true;
    void this.#close(undefined);
  }

  #onEnd(end: ServerEnd): void {
    const isOurDoing = this.#closing !== undefined && (this.#hasTold || end.signal !== null);
    if (!isOurDoing) this.#end = end;
    // a client that has not asked anything yet must still hear why: its first request starts the server once more
    if (this.#hasTold) void this.#close(statusOf(end));
  }

  #close(status: ExitStatus | undefined): Promise<void> {
    this.#closing ??= this.#shutDown(status);
    return this.#closing;
  }

  async #shutDown(status: ExitStatus | undefined): Promise<void> {
    this.#input.pause();
    this.#relay.setPaused(false);
    await this.#relay.close(new ClavigerError('ERR_TOOLSET_CLOSED', 'the launcher was closed'));
    this.#release();
    await this.#flush(status?.signal === null || status === undefined ? lastReadsMs : pollMs);
    this.#settle(status ?? this.#ownStatus());
  }

  #ownStatus(): ExitStatus {
    if (this.#end !== undefined) return statusOf(this.#end);
    return { exitCode: this.#hasFailed ? 1 : 0, signal: null };
  }

  /** Until the client has read what was written, but no longer than this. */
  async #flush(withinMs: number): Promise<void> {
    this.#lines.flush();
    if (this.#isClientGone || this.#output.writableLength === 0) return;
    const timeout = new AbortController();
    const written = new Promise<void>((resolve) => this.#output.write('', () => resolve()));
    // the timer holds the process: nothing else does once the input has ended
    const late = delay(withinMs, undefined, { signal: timeout.signal }).catch(() => undefined);
    await Promise.race([written, late]);
    timeout.abort();
  }

  /** People look at stderr, where a client may keep what it was told to itself. */
  #note(error: Error): void {
    if (!isClavigerError(error) || error.code === 'ERR_TOOLSET_CLOSED' || error.message === this.failure?.message)
      return;
    this.failure = error;
    this.#say(Buffer.from(`claviger: ${error.message}\n`));
  }

  #deliver(line: Buffer): void {
    this.#hasTold = true;
    if (this.#isClientGone) return;
    this.#lines.write(line);
    if (this.#isHeldUp || this.#closing !== undefined || !this.#lines.isSlow) return;
    this.#isHeldUp = true;
    this.#relay.setPaused(true);
    void this.#lines.ready().then(() => {
      this.#isHeldUp = false;
      this.#relay.setPaused(false);
    });
  }

  #fail(id: string, error: Error): void {
    this.#hasFailed = true;
    this.#note(error);
    const data = isClavigerError(error) ? `,"data":${JSON.stringify(error)}` : '';
    const message = `{"code":${internalError},"message":${JSON.stringify(`claviger: ${error.message}`)}${data}}`;
    this.#deliver(Buffer.from(`{"jsonrpc":"2.0","id":${id},"error":${message}}`));
  }
}

function statusOf({ exitCode, signal, failure }: ServerEnd): ExitStatus {
  return failure === undefined ? { exitCode, signal } : { exitCode: spawnExitCode({ code: failure }), signal: null };
}
