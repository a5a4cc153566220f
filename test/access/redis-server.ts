import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../support/free-port.js';

export interface RedisServer extends AsyncDisposable {
  readonly port: number;
  /** Stops it as a crash would. */
  kill(): Promise<void>;
}

/** A Redis of its own on loopback, on a free port, that keeps nothing. */
export async function startRedis(): Promise<RedisServer> {
  const directory = mkdtempSync(join(tmpdir(), 'claviger-redis-'));
  for (let attempt = 0; ; attempt++) {
    const port = await freePort();
    const args = [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
      '--dir',
      directory,
    ];
    const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'ignore'] });
    if (await isReady(child)) {
      const kill = async () => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
      };
      const dispose = async () => {
        await kill();
        rmSync(directory, { recursive: true, force: true });
      };
      return { port, kill, [Symbol.asyncDispose]: dispose };
    }
    if (attempt === 5) throw new Error('redis-server did not start'); // somebody else took the port
  }
}

async function isReady(child: ChildProcess): Promise<boolean> {
  for await (const line of createInterface({ input: child.stdout! })) {
    if (line.includes('Ready to accept connections')) {
      child.stdout!.resume();
      return true;
    }
  }
  return false;
}
