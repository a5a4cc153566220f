import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { isBuiltin } from 'node:module';
import { describe, expect, it, onTestFinished } from 'vitest';
import { living, uniqueSeconds, until } from '../process/living.js';
import { root } from '../support/built.js';
import { canary } from '../support/canary.js';
import { staticallyReached } from '../support/module-graph.js';
import { rawServer } from './toolsets.js';

const entry = (name: string): string => new URL(`dist/${name}`, root).href;

/** A program that is a launcher, from the built files: to be killed and measured. */
async function program(args: string[], settings: object = {}) {
  const code = `
    import { createRegistry } from '${entry('index.js')}';
    import { createStdioLauncher } from '${entry('mcp/index.js')}';
    import { exitCodeOf } from '${entry('process/index.js')}';
    const registry = createRegistry({ providers: [{ name: 'weather', environmentVariable: 'API_KEY', source: () => '${canary()}' }] });
    const launcher = await createStdioLauncher({
      inject: [{ auth: registry.auth('weather') }],
      connection: ${JSON.stringify({ command: 'sh', args: ['-c', '"$N" "$S" "$@"; true', 'sh', ...args], env: { N: process.execPath, S: rawServer, SETTINGS: JSON.stringify(settings) } })},
    });
    process.exitCode = exitCodeOf(await launcher.exited);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['pipe', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout });
  const request = async (id: number, method: string, params: object = {}): Promise<any> => {
    const answer = once(lines, 'line') as Promise<[string]>;
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    return JSON.parse((await answer)[0]);
  };
  await request(1, 'initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 't', version: '1' },
  });
  return { child, request };
}

it('loads no package before it needs one: neither SDK nor undici nor zod', () => {
  const packages = [...staticallyReached(new URL('dist/mcp/index.js', root)).keys()].filter((name) => !isBuiltin(name));
  expect(packages.filter((name) => name !== 'jsonc-parser')).toEqual([]);
});

describe.runIf(process.platform === 'linux')('a launcher', () => {
  it('that is killed leaves nothing of its tree after a second', { retry: 2 }, async () => {
    const token = uniqueSeconds();
    const { child } = await program([token], { ignoreSignals: true });
    expect(living(token).length).toBeGreaterThan(0);
    child.kill('SIGKILL');
    await until(() => living(token).length === 0);
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const)('ends on %s with %i and leaves nothing', async (signal, code) => {
    const token = uniqueSeconds();
    const { child } = await program([token], { ignoreSignals: true });
    const exited = once(child, 'exit');
    child.kill(signal);
    expect(await exited).toEqual([code, null]);
    expect(living(token)).toEqual([]);
  });

  it('whose stderr nobody reads goes on (M13)', async () => {
    const { request } = await program([]);
    await request(2, 'tools/call', { name: 'noisy', arguments: { line: `${'x'.repeat(4999)}\n`, times: 1000 } });
    const answer = await request(3, 'ping');
    expect(answer).toBeDefined();
  });

  it('that idles holds at most 30 MB more than a Node that does nothing', async () => {
    const idle = spawn(process.execPath, ['-e', 'console.log(); process.stdin.resume()'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    onTestFinished(() => void idle.kill('SIGKILL'));
    await once(idle.stdout, 'data');
    const { child, request } = await program([]);
    await request(2, 'tools/call', { name: 'big', arguments: { bytes: 100_000 } });
    expect(residentKb(child.pid) - residentKb(idle.pid)).toBeLessThan(30 * 1024);
  });
});

function residentKb(pid: number | undefined): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1]);
}
