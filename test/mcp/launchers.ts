import { PassThrough } from 'node:stream';
import { EventEmitter, on } from 'node:events';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { createStdioLauncher, type StdioLauncher, type StdioLauncherOptions } from '../../src/mcp/index.js';
import type { LauncherOptions } from '../../src/mcp/launcher.js';

/** A client of a launcher that talks in raw lines. */
export async function launch(options: StdioLauncherOptions) {
  return talk((streams) => createStdioLauncher({ ...streams, ...options }));
}

/** The same of any launcher. */
export async function talk(start: (streams: LauncherOptions) => Promise<StdioLauncher>) {
  const input = new PassThrough();
  const output = new PassThrough();
  const signals = new EventEmitter();
  const stderr: string[] = [];
  const onStderr = (line: string): void => void stderr.push(line);
  const launcher = await start({ input, output, signals, onStderr });
  onTestFinished(() => launcher.close());
  const received: string[] = [];
  const arrivals = new EventEmitter();
  const lines = createInterface({ input: output, crlfDelay: 0 });
  lines.on('error', () => undefined); // a test may destroy the output
  lines.on('line', (line) => {
    received.push(line);
    arrivals.emit('line', line);
  });
  const until = async (matches: (line: string) => boolean): Promise<string> => {
    const known = received.find(matches);
    if (known !== undefined) return known;
    for await (const [line] of on(arrivals, 'line')) if (matches(line as string)) return line as string;
    throw new Error('the output ended');
  };
  const send = (line: string | object): void =>
    void input.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
  let lastId = 0;
  const request = async (method: string, params?: object, id: string | number = ++lastId): Promise<any> => {
    send({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) });
    const text = JSON.stringify(id);
    return JSON.parse(await until((line) => !line.includes('"method"') && line.includes(`"id":${text}`)));
  };
  const initialize = async (): Promise<any> => {
    const answer = await request('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'test', version: '1' },
    });
    send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    return answer;
  };
  return { launcher, input, output, lines, signals, stderr, received, until, send, request, initialize };
}
