import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { ClavigerError, isClavigerError } from '../errors.js';
import type { ExitStatus } from '../process/exit-status.js';
import { forwardSignals } from '../process/forward-signals.js';
import { createLineReader } from '../process/line-reader.js';
import { guessId } from './message-line.js';
import { internalError } from './own-errors.js';
import { boundedWriter, lineWriter } from './stderr-lines.js';
import { writeLine } from './write-line.js';

/** What every launcher can be told. */
export interface LauncherOptions {
  /** Takes what is said beside the protocol; default our own stderr. */
  onStderr?: (redactedLine: string) => void;
  /** Where the client's messages come from; default stdin. */
  input?: Readable;
  /** Where messages for the client go, and nothing else; default stdout. */
  output?: Writable;
  /** The longest message; default 64 MiB. The answer to a longer one is an error. */
  maxMessageBytes?: number;
  /** Where SIGINT, SIGTERM and SIGHUP come from, which end it; default our own process. */
  signals?: NodeJS.EventEmitter;
}

/** A stdio server, as any MCP client can run it. */
export interface StdioLauncher extends AsyncDisposable {
  /**
   * How it ended: 0 after the end of input, else as the server did, 126 or 127 for one that can't be run, 1 for one that has
   * no credential, or the signal that ended us. Never rejects; nothing is left of the server then.
   */
  readonly exited: Promise<ExitStatus>;
  /** Why there is no server, as the client was told; undefined where there is one. */
  readonly failure: ClavigerError | undefined;
  /** Ends the server with everything that it started, or the session with it, within a second. */
  close(): Promise<void>;
}

/** What a launcher is told by what stands between it and a server. */
export interface ClientSide {
  /** A message of the server's. */
  readonly deliver: (line: Buffer) => void;
  /** Instead of an answer to the request of that id (as JSON). */
  readonly fail: (id: string, error: Error) => void;
  /** What people are told, redacted. */
  readonly say: (bytes: Uint8Array) => void;
  /** The server ended by itself. */
  readonly onEnd: (status: ExitStatus) => void;
}

/** What stands between a launcher and a server. */
export interface Carrier {
  start(): void;
  /** A line of the client's. */
  receive(line: Buffer): void;
  /** While the server is slow to read: until it has caught up. */
  readonly backlog: Promise<void> | undefined;
  /** Stops and resumes reading from the server. */
  setPaused(paused: boolean): void;
  /** When no request of the client waits for its answer. */
  idle(): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  close(error: ClavigerError): Promise<void>;
}

export const defaultMaxMessageBytes = 64 * 1024 * 1024;
/** How long after the end of input answers may still come. */
const lastAnswersMs = 30_000;
/** How long the client may take to read them. */
const lastReadsMs = 5000;
const pollMs = 200;

/** Speaks with a client over standard input and output, for as long as either side is there. */
export class Launcher implements StdioLauncher {
  readonly exited: Promise<ExitStatus>;
  readonly #carrier: Carrier;
  readonly #input: Readable;
  readonly #output: Writable;
  readonly #parent = process.ppid;
  #settle: (status: ExitStatus) => void = () => undefined;
  #closing: Promise<void> | undefined;
  #isClientGone = false;
  /** How the server ended, and whether the client has been told. */
  #end: ExitStatus | undefined;
  #hasTold = false;
  #hasFailed = false;
  failure: ClavigerError | undefined;
  readonly #say: (bytes: Uint8Array) => void;
  readonly #release: () => void;

  constructor(options: LauncherOptions, carrier: (client: ClientSide) => Carrier) {
    const { onStderr, maxMessageBytes = defaultMaxMessageBytes } = options;
    this.#input = options.input ?? process.stdin;
    this.#output = options.output ?? process.stdout;
    this.exited = new Promise((resolve) => (this.#settle = resolve));
    this.#say = onStderr === undefined ? boundedWriter(process.stderr) : lineWriter(onStderr);
    this.#carrier = carrier({
      deliver: (line) => {
        this.#hasFailed = false;
        this.#deliver(line);
      },
      fail: (id, error) => this.#fail(id, error),
      say: this.#say,
      onEnd: (status) => this.#onEnd(status),
    });
    const onSignal = (signal: NodeJS.Signals): void => {
      this.#carrier.kill(signal);
      void this.#close({ exitCode: null, signal });
    };
    this.#release = forwardSignals({ kill: onSignal }, options.signals);
    this.#output.on('error', () => this.#onClientGone());
    this.#output.on('close', () => this.#onClientGone());
    this.#carrier.start();
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
      if (line.length > 0) this.#carrier.receive(line);
    };
    const onTooLong = (beginning: Buffer, bytes: number, ending: Buffer): void => {
      const id = guessId(beginning, ending) ?? 'null';
      this.#fail(id, new Error(`a message of ${bytes} bytes is too long: at most ${maxLineBytes} are allowed`));
    };
    const reader = createLineReader({ onLine, onTooLong, maxLineBytes });
    input.on('data', (chunk: Buffer) => {
      reader.push(chunk);
      const { backlog } = this.#carrier;
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
    const answered = this.#carrier.idle().then(() => true);
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

  #onEnd(end: ExitStatus): void {
    const isOurDoing = this.#closing !== undefined && (this.#hasTold || end.signal !== null);
    if (!isOurDoing) this.#end = end;
    // a client that has not asked anything yet must still hear why: its first request starts the server once more
    if (this.#hasTold) void this.#close(end);
  }

  #close(status: ExitStatus | undefined): Promise<void> {
    this.#closing ??= this.#shutDown(status);
    return this.#closing;
  }

  async #shutDown(status: ExitStatus | undefined): Promise<void> {
    this.#input.pause();
    this.#carrier.setPaused(false);
    await this.#carrier.close(new ClavigerError('ERR_TOOLSET_CLOSED', 'the launcher was closed'));
    this.#release();
    await this.#flush(status?.signal === null || status === undefined ? lastReadsMs : pollMs);
    this.#settle(status ?? this.#ownStatus());
  }

  #ownStatus(): ExitStatus {
    if (this.#end !== undefined) return this.#end;
    return { exitCode: this.#hasFailed ? 1 : 0, signal: null };
  }

  /** Until the client has read what was written, but no longer than this. */
  async #flush(withinMs: number): Promise<void> {
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
    if (this.#isClientGone || writeLine(this.#output, line) || this.#closing !== undefined) return;
    this.#carrier.setPaused(true);
    this.#output.once('drain', () => this.#carrier.setPaused(false));
  }

  #fail(id: string, error: Error): void {
    this.#hasFailed = true;
    this.#note(error);
    const data = isClavigerError(error) ? `,"data":${JSON.stringify(error)}` : '';
    const message = `{"code":${internalError},"message":${JSON.stringify(`claviger: ${error.message}`)}${data}}`;
    this.#deliver(Buffer.from(`{"jsonrpc":"2.0","id":${id},"error":${message}}`));
  }
}
