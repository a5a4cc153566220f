import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { builtCli } from './built.js';

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  /** What stands on stdin; without it there is none (`/dev/null`), with `null` an open pipe that stays silent. */
  input?: string | Buffer | null;
  cwd?: string;
  env?: Record<string, string>;
  /** Hears what comes on stdout, with the process to send signals to. */
  onOutput?: (text: string, child: ChildProcess) => void;
  /** Kills it with SIGKILL after so long, wherever it stands then. */
  killAfterMs?: number;
}

/** What to wait for on the terminal, and what to type then. */
export type Step = readonly [waitFor: string, type: string];

/** A throw-away home with the built command line in it. */
export class CliHome implements Disposable {
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), 'claviger-cli-')));
  /** Where commands run unless told otherwise; no project. */
  readonly work = this.path('work');
  readonly state = this.path('state');
  readonly configFile = this.path('config', 'claviger', 'claviger.config.json');
  readonly env: Record<string, string>;

  constructor() {
    mkdirSync(this.work);
    this.env = {
      PATH: process.env['PATH'] ?? '',
      HOME: this.directory,
      XDG_CONFIG_HOME: this.path('config'),
      CLAVIGER_HOME: this.state,
      TERM: 'xterm',
    };
  }

  path(...names: string[]): string {
    return join(this.directory, ...names);
  }

  write(path: string, content: unknown): string {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content, undefined, 2));
    return path;
  }

  config(): string {
    return readFileSync(this.configFile, 'utf8');
  }

  /** A folder with a repository's mark and, if given, a config file. */
  project(name: string, config?: unknown): string {
    const directory = this.path(name);
    mkdirSync(join(directory, '.git'), { recursive: true });
    if (config !== undefined) this.write(join(directory, 'claviger.config.json'), config);
    return directory;
  }

  run(
    args: readonly string[],
    { input, cwd = this.work, env = {}, onOutput, killAfterMs }: CliOptions = {},
  ): Promise<CliResult> {
    const child = spawn(process.execPath, [builtCli, ...args], {
      cwd,
      env: { ...this.env, ...env },
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    if (input !== undefined && input !== null) {
      child.stdin?.on('error', () => undefined); // it may have left without reading
      child.stdin?.end(input);
    }
    child.stdout?.on('data', (chunk: Buffer) => onOutput?.(chunk.toString('utf8'), child));
    if (killAfterMs !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    return collect(child);
  }

  /** The same, its JSON answer read. */
  async json(args: readonly string[], options?: CliOptions): Promise<any> {
    const { stdout, stderr } = await this.run([...args, '--json'], options);
    try {
      return JSON.parse(stdout);
    } catch {
      throw new Error(`no JSON: ${stdout}${stderr}`);
    }
  }

  /** Runs a shell line without a terminal; `claviger` in it is the built command line. */
  shell(line: string, { cwd = this.work, env = {} }: CliOptions = {}): Promise<CliResult> {
    const script = `claviger() { "${process.execPath}" "${builtCli}" "$@"; }\n${line}`;
    return collect(
      spawn('sh', ['-c', script], { cwd, env: { ...this.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] }),
    );
  }

  /**
   * Runs a shell line on a terminal of its own and types. What the terminal shows comes back as `stdout`, echo included.
   * `claviger` in the line is the built command line.
   */
  terminal(line: string, steps: readonly Step[], { cwd = this.work, env = {} }: CliOptions = {}): Promise<CliResult> {
    const script = `claviger() { "${process.execPath}" "${builtCli}" "$@"; }\n${line}`;
    const child = spawn('script', ['-qefc', `sh ${this.write(this.path('line.sh'), script)}`, '/dev/null'], {
      cwd,
      env: { ...this.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let shown = '';
    let from = 0;
    const waiting = [...steps];
    child.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString('utf8');
      for (let step = waiting[0]; step !== undefined; step = waiting[0]) {
        const at = shown.indexOf(step[0], from);
        if (at === -1) return;
        from = at + step[0].length;
        waiting.shift();
        child.stdin.write(step[1]);
      }
    });
    return collect(child);
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function collect(child: ChildProcess): Promise<CliResult> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, stdout: Buffer.concat(out).toString('utf8'), stderr: Buffer.concat(err).toString('utf8') });
    });
  });
}

/** A fresh key in the form of GitHub's. */
export function githubKey(): string {
  const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
  const pick = () => letters[Math.floor(Math.random() * letters.length)] ?? 'a';
  return `ghp_${Array.from({ length: 36 }, pick).join('')}`;
}
