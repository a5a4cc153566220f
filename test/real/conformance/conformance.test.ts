import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { expectNoLeak } from '../../../src/testing/index.js';
import { builtCli } from '../../support/built.js';
import { canary } from '../../support/canary.js';
import { CliHome } from '../../support/cli.js';
import { nodeOnDemand, onDemand } from '../on-demand.js';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const server = [process.execPath, here('everything-server.mjs')];

const node = nodeOnDemand(22);
const folder = onDemand('mcp-conformance', { '@modelcontextprotocol/conformance': '0.1.16' });

/** A server's command behind the bridge: its address, and what was written to stderr once the bridge is stopped. */
async function bridge(command: readonly string[], env: Record<string, string>) {
  const child = spawn(process.execPath, [here('bridge.mjs'), ...command], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  const stderr = text(child.stderr);
  onTestFinished(() => void child.kill());
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const stop = async (): Promise<string> => {
    child.kill();
    await exited;
    return stderr;
  };
  return { url: line.toString('utf8').trim(), stop };
}

/** What the suite says of each thing that it checks, and all that it wrote. */
async function judge(url: string, output: string) {
  const runner = join(folder ?? '', 'node_modules/@modelcontextprotocol/conformance/dist/index.js');
  const child: ChildProcess = spawn(node ?? '', [runner, 'server', '--url', url, '--output-dir', output]);
  onTestFinished(() => void child.kill());
  await once(child, 'exit');
  const reports = readdirSync(output)
    .sort()
    .map((name) => ({ name, report: readFileSync(join(output, name, 'checks.json'), 'utf8') }));
  const verdicts = reports.flatMap(({ name, report }) =>
    (JSON.parse(report) as { id: string; status: string }[]).map(
      ({ id, status }) => `${name.replace(/-\d{4}-\d\d-\d\dT.*$/, '')} ${id} ${status}`,
    ),
  );
  return { verdicts: verdicts.sort(), reports };
}

it.skipIf(node === undefined || folder === undefined)(
  'the official conformance suite finds the same of a server with the launcher as without it',
  { timeout: 240_000 },
  async () => {
    using home = new CliHome();
    const key = canary();
    await home.run(['add', 'weather', '--base-url', 'https://weather.test', '--env', 'API_KEY'], { input: key });
    const injections = ['--env', 'API_KEY=weather', '--param', 'api_key=weather'];
    const launched = [process.execPath, builtCli, 'mcp', 'run', ...injections, '--', ...server];
    const [direct, through] = await Promise.all([
      bridge(server, { ...home.env, API_KEY: 'direct' }),
      bridge(launched, home.env),
    ]);
    const [without, withLauncher] = await Promise.all([
      judge(direct.url, home.path('without')),
      judge(through.url, home.path('with')),
    ]);
    expect(withLauncher.verdicts).toEqual(without.verdicts);
    expect(without.verdicts.filter((verdict) => !verdict.endsWith(' SUCCESS'))).toEqual([]);
    expect(without.verdicts.length).toBeGreaterThanOrEqual(40);
    expect(await direct.stop()).toContain('key: direct');
    const stderr = await through.stop();
    expect(stderr).toContain('key: [secret]');
    expectNoLeak([withLauncher.reports, stderr], key);
  },
);
