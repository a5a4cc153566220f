import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { runCommandLine } from '../../src/cli/dispatch.js';

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

// The command line as it runs by itself: what it writes into files names its own.
process.argv[1] = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** What tells where the user's state is. */
const told = ['HOME', 'XDG_DATA_HOME', 'XDG_CONFIG_HOME', 'CLAVIGER_HOME'];

/** A throw-away home in which the command line runs inside this process: it starts in no time. */
export class ImportHome implements Disposable {
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), 'claviger-import-')));
  readonly state = join(this.directory, '.local', 'share', 'claviger');
  readonly configFile = join(this.directory, '.config', 'claviger', 'claviger.config.json');
  readonly work = join(this.directory, 'work');

  readonly #before = told.map((name) => [name, process.env[name]] as const);

  constructor() {
    mkdirSync(this.work);
    // Where the default store rests is read from the process itself.
    for (const name of told) delete process.env[name];
    process.env['HOME'] = this.directory;
  }

  write(name: string, text: string, mode = 0o644): string {
    const path = join(this.directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode });
    return path;
  }

  read(name: string): string {
    return readFileSync(join(this.directory, name), 'utf8');
  }

  config(): string {
    return readFileSync(this.configFile, 'utf8');
  }

  async run(
    args: readonly string[],
    { env = {}, cwd = this.work }: { env?: Record<string, string>; cwd?: string } = {},
  ): Promise<Ran> {
    const [stdout, stderr] = [new Collected(), new Collected()];
    const host = {
      stdin: Object.assign(Readable.from([]), { isTTY: false }),
      ...{ stdout, stderr, env: { HOME: this.directory, ...env }, cwd: () => cwd, exitCode: undefined },
    };
    await runCommandLine(args, host as unknown as Parameters<typeof runCommandLine>[1]);
    return { code: Number(host.exitCode), stdout: stdout.text, stderr: stderr.text };
  }

  async json(args: readonly string[], options?: Parameters<ImportHome['run']>[1]): Promise<any> {
    const { stdout } = await this.run([...args, '--json'], options);
    return JSON.parse(stdout);
  }

  [Symbol.dispose](): void {
    for (const [name, value] of this.#before) if (value !== undefined) process.env[name] = value;
    rmSync(this.directory, { recursive: true, force: true });
  }
}

class Collected extends Writable {
  text = '';
  readonly isTTY = false;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }
}
