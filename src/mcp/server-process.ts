import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExitStatus } from '../process/exit-status.js';
import { createLineReader } from '../process/line-reader.js';
import { tail, type Tail } from '../process/output.js';
import { spawnTree, type ProcessTree, type SpawnTreeOptions } from '../process/process-tree.js';
import { scannerOf } from '../process/run-process.js';
import type { Redactor } from '../redaction/redactor.js';
import { LineWriter } from './line-writer.js';

export interface ServerProcessOptions extends SpawnTreeOptions {
  readonly redactors: readonly Redactor[];
  readonly maxMessageBytes: number;
  /** A line of stdout, unredacted. */
  readonly onLine: (line: Buffer) => void;
  /** A line of stdout that was longer than `maxMessageBytes`. */
  readonly onTooLong: (beginning: Buffer, bytes: number, ending: Buffer) => void;
  /** What the child writes to stderr, redacted. */
  readonly onStderr: (bytes: Uint8Array) => void;
}

/** How a server ended, and what it said last. */
export interface ServerEnd extends ExitStatus {
  /** Redacted, the last 4 KB. */
  readonly stderr: string;
  /** Node's code if it could not be started. */
  readonly failure?: string;
}

/** How long what an ended child has written may take to arrive; descendants can hold the pipes open. */
const drainMs = 150;

/** An MCP server as a child process that talks in lines. */
export class ServerProcess {
  /** Settles when the child has ended and what it wrote has been handed on; never rejects. */
  readonly ended: Promise<ServerEnd>;
  readonly #tree: ProcessTree;
  readonly #stderr: Tail = tail();
  /** None where the child could not be started. */
  readonly #stdin: LineWriter | undefined;
  #isPaused = false;

  constructor(options: ServerProcessOptions) {
    this.#tree = spawnTree(options);
    const { stdin, stdout, stderr } = this.#tree.child;
    this.#stdin = stdin === null ? undefined : new LineWriter(stdin);
    const streams = [stdout, stderr].filter((stream) => stream !== null);
    const closed = Promise.all(streams.map((stream) => once(stream, 'close')));
    if (stdout !== null) readLines(stdout, options);
    if (stderr !== null) this.#readStderr(stderr, options);
    this.ended = this.#end(closed);
  }

  get pid(): number | undefined {
    return this.#tree.pid;
  }

  /** Sends a line, unless the child has ended, which `ended` tells. */
  write(line: Buffer): void {
    this.#stdin?.write(line);
  }

  /** When the child is slow to read, until it has caught up or ended. */
  get backlog(): Promise<void> | undefined {
    if (this.#stdin?.isSlow !== true) return undefined;
    return Promise.race([this.#stdin.ready(), this.ended]).then(() => undefined);
  }

  /** Stops and resumes reading what the child sends. */
  setPaused(paused: boolean): void {
    const { stdout } = this.#tree.child;
    this.#isPaused = paused;
    if (paused) stdout?.pause();
    else stdout?.resume();
  }

  kill(signal: NodeJS.Signals): void {
    this.#tree.kill(signal);
  }

  /** Ends the whole tree, within a second. */
  close(graceMs?: number): Promise<void> {
    this.#stdin?.flush();
    return this.#tree.close(graceMs);
  }

  async #end(closed: Promise<unknown>): Promise<ServerEnd> {
    const status = await this.#tree.exited.catch((error: unknown) => ({
      exitCode: null,
      signal: null,
      failure: String((error as NodeJS.ErrnoException).code),
    }));
    do await Promise.race([closed, delay(drainMs)]).catch(() => undefined);
    while (this.#isPaused);
    return { ...status, stderr: this.#stderr.text() };
  }

  #readStderr(stream: Readable, { redactors, onStderr }: ServerProcessOptions): void {
    const scanner = scannerOf(redactors);
    const give = (bytes: Uint8Array): void => {
      if (bytes.length === 0) return;
      this.#stderr.push(bytes);
      onStderr(bytes);
    };
    stream.on('data', (chunk: Buffer) => give(scanner.push(chunk)));
    stream.on('end', () => give(scanner.flush()));
    stream.on('error', () => undefined);
  }
}

function readLines(stream: Readable, { onLine, onTooLong, maxMessageBytes }: ServerProcessOptions): void {
  const reader = createLineReader({ onLine, onTooLong, maxLineBytes: maxMessageBytes });
  stream.on('data', (chunk: Buffer) => reader.push(chunk));
  stream.on('end', () => {
    const half = reader.end();
    if (half.length > 0) onLine(half); // a last message may lack its line feed; half of one is no JSON
  });
  stream.on('error', () => undefined);
}
