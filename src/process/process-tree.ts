import { spawn } from 'node:child_process';
import type { ChildProcess, SpawnOptions, StdioOptions } from 'node:child_process';
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExitStatus } from './exit-status.js';
import { readProcess } from './process-table.js';
import { controlTree } from './tree-control.js';
import type { TreeControl } from './tree-control.js';
import { markCommand } from './tree-marker.js';
import { startWatchdog } from './watchdog.js';
import type { Watchdog } from './watchdog.js';

export interface SpawnTreeOptions {
  /** A path, or a name that is looked up in the `PATH` of `env`. Never read by a shell. */
  command: string;
  args?: readonly string[];
  /** The whole environment of the child; nothing is added to it. */
  env: Record<string, string>;
  cwd?: string | undefined;
  /** Default `'pipe'`. */
  stdio?: StdioOptions;
  /** Closes the tree when aborted. */
  signal?: AbortSignal | undefined;
  /**
   * A process group and session of its own (default true). Without one the child shares our terminal, Ctrl-C included,
   * and outside Linux only the child itself can be ended.
   */
  detached?: boolean;
  /** Ends the tree also when we are killed by SIGKILL, and then removes these paths. POSIX only; costs one idle shell. */
  watch?: boolean | { remove: readonly string[] };
}

/** A child and everything that it starts. */
export interface ProcessTree extends AsyncDisposable {
  readonly child: ChildProcess;
  /** `undefined` when the child could not be started. */
  readonly pid: number | undefined;
  /** Rejects, `code` as in Node (`ENOENT`, `EACCES` …), when the child can't be started. */
  readonly started: Promise<void>;
  /** How the child itself ended, its descendants and pipes aside. Rejects as `started` does. */
  readonly exited: Promise<ExitStatus>;
  /** Sends a signal to every process of the tree. */
  kill(signal: NodeJS.Signals): void;
  /**
   * Ends the tree: end of input, after `graceMs` (default and most 250) SIGTERM, after as long again SIGKILL. Within a second
   * nothing of it is left and its pipes are at their end, whoever held them; what they still
   * hold can be read. Call it as often as you like. Processes that another
   * user owns (`sudo`) are beyond reach.
   */
  close(graceMs?: number): Promise<void>;
}

const maxGraceMs = 250;
const killMs = 300;
const drainMs = 100;
const pollMs = 15;

/** The trees that still run, for the moment when our own process ends. */
const running = new Set<ProcessTree>();

/**
 * Starts a command as the root of a process tree that can be ended whole: on Linux with the descendants that left its
 * group or session or lost their parents, on other POSIX systems its process group, on Windows what `taskkill /T` finds.
 * A tree that is still there when our process exits is killed.
 *
 * @throws an `Error` with Node's `code` when the child is refused at once; otherwise `started` and `exited` reject. Neither
 * message nor properties hold an argument or a variable.
 *
 * @example
 * await using tree = spawnTree({ command: 'npx', args: ['-y', 'some-server'], env: safeEnvironment() });
 * await tree.started;
 */
export function spawnTree(options: SpawnTreeOptions): ProcessTree {
  options.signal?.throwIfAborted();
  const detached = (options.detached ?? true) && process.platform !== 'win32';
  const marked = markCommand(options.command, options.args ?? [], options.env, options.cwd);
  const child = startChild(options, marked.command, marked.args, detached);
  return new SpawnedTree(child, options, detached, marked.marker);
}

class SpawnedTree implements ProcessTree {
  readonly child: ChildProcess;
  readonly pid: number | undefined;
  readonly started: Promise<void>;
  readonly exited: Promise<ExitStatus>;
  readonly #control: TreeControl | undefined;
  readonly #watchdog: Watchdog | undefined;
  readonly #pipesClosed: Promise<unknown>;
  #hasExited = false;
  /** Nothing is left: from here on the pid may name somebody else's process. */
  #isOver = false;
  #closing: Promise<void> | undefined;

  constructor(child: ChildProcess, options: SpawnTreeOptions, leader: boolean, marker: string | undefined) {
    this.child = child;
    this.pid = child.pid;
    this.#pipesClosed = new Promise((resolve) => child.once('close', resolve));
    this.exited = new Promise((resolve, reject) => {
      child.on('error', (error) => {
        reject(startFailure(error, options));
      });
      child.once('exit', (exitCode, signal) => {
        this.#settle();
        resolve({ exitCode, signal });
      });
    });
    this.started = Promise.race([
      new Promise<void>((resolve) => child.once('spawn', resolve)),
      this.exited.then(() => undefined),
    ]);
    for (const promise of [this.exited, this.started]) promise.catch(() => undefined); // callers may look at one of them only
    child.stdin?.on('error', () => undefined); // EPIPE: the child has gone, which `exited` reports
    if (child.pid === undefined) {
      this.#isOver = true;
      return;
    }
    const startTime = process.platform === 'linux' ? (readProcess(child.pid)?.startTime ?? 0) : 0;
    const root = { pid: child.pid, startTime, leader, marker, hasExited: () => this.#hasExited };
    this.#control = controlTree(root);
    const { watch = false, signal } = options;
    if (watch !== false) this.#watchdog = startWatchdog({ ...root, remove: watch === true ? [] : watch.remove });
    if (running.size === 0) process.on('exit', killRunning);
    running.add(this);
    const abort = (): void => void this.close();
    signal?.addEventListener('abort', abort, { once: true });
    void this.exited.finally(() => signal?.removeEventListener('abort', abort)).catch(() => undefined);
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.#isOver) this.#control?.signal(signal);
  }

  close(graceMs = maxGraceMs): Promise<void> {
    this.#closing ??= this.#end(Math.min(graceMs, maxGraceMs));
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #end(graceMs: number): Promise<void> {
    if (this.child.stdin !== null && !this.#hasExited) {
      this.child.stdin.end();
      await Promise.race([this.exited, delay(graceMs, undefined, { ref: false })]).catch(() => undefined);
    }
    if (!(await this.#isGoneWithin(0))) {
      this.kill('SIGTERM');
      if (!(await this.#isGoneWithin(graceMs))) await this.#killUntilGone();
    }
    await this.#closePipes();
  }

  /** Kills more than once: what could not be stopped in time may have forked. */
  async #killUntilGone(): Promise<void> {
    const deadline = Date.now() + killMs;
    do this.kill('SIGKILL');
    while (!(await this.#isGoneWithin(pollMs * 4)) && Date.now() < deadline);
  }

  async #isGoneWithin(ms: number): Promise<boolean> {
    const deadline = Date.now() + ms;
    while (!this.#settle()) {
      if (Date.now() >= deadline) return false;
      await delay(pollMs);
    }
    return true;
  }

  /** Looks whether the tree is over, and if so lets everything go that waited for it. */
  #settle(): boolean {
    this.#hasExited = this.child.pid === undefined || this.child.exitCode !== null || this.child.signalCode !== null;
    if (this.#isOver || !this.#hasExited || this.#control?.isGone() === false) return this.#isOver;
    this.#isOver = true;
    this.#watchdog?.disarm();
    running.delete(this);
    if (running.size === 0) process.off('exit', killRunning);
    return true;
  }

  /** What the tree wrote last still arrives, however slowly it is read; a pipe held open by somebody out of reach is closed. */
  async #closePipes(): Promise<void> {
    const received = this.#output().map((stream) => stream.bytesRead);
    await Promise.race([this.#pipesClosed, delay(drainMs, undefined, { ref: false })]);
    this.child.stdin?.destroy();
    for (const [index, stream] of this.#output().entries()) {
      if (stream.readableLength === 0 && stream.bytesRead === received[index]) stream.destroy();
    }
  }

  #output(): Socket[] {
    return this.child.stdio.filter((stream, fd): stream is Socket => fd > 0 && stream instanceof Socket);
  }
}

function killRunning(): void {
  for (const tree of running) tree.kill('SIGKILL');
}

function startChild(
  options: SpawnTreeOptions,
  command: string,
  args: readonly string[],
  detached: boolean,
): ChildProcess {
  const { env, cwd, stdio = 'pipe' } = options;
  const settings: SpawnOptions = { env, stdio, detached, windowsHide: true, ...(cwd === undefined ? {} : { cwd }) };
  try {
    return spawnFunction()(command, args, settings);
  } catch (error) {
    throw startFailure(error, options);
  }
}

/** On Windows npm's commands are `.cmd` files, which only cross-spawn starts without a shell's reading of the arguments. */
function spawnFunction(): typeof spawn {
  if (process.platform !== 'win32') return spawn;
  return createRequire(import.meta.url)('cross-spawn') as typeof spawn;
}

/** Node's own errors carry the arguments, in `spawnargs` or in the message; a secret may be among them. */
function startFailure(error: unknown, { command, cwd }: SpawnTreeOptions): NodeJS.ErrnoException {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? 'UNKNOWN';
  const place = cwd !== undefined && !isDirectory(cwd) ? `: there is no directory ${cwd}` : '';
  return Object.assign(new Error(`${command} could not be started (${code})${place}`), { code, syscall: 'spawn' });
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
