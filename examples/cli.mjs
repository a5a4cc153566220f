// The command line as a person runs it, here with a throwaway home: yours needs none of this.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const home = mkdtempSync(join(tmpdir(), 'claviger-example-'));
process.on('exit', () => rmSync(home, { recursive: true, force: true }));

/** What an installed package has as `claviger` in the PATH. */
export const claviger = join(
  dirname(createRequire(import.meta.url).resolve('claviger/package.json')),
  'dist/cli/main.js',
);
export const environment = { CLAVIGER_HOME: join(home, 'data'), XDG_CONFIG_HOME: join(home, 'config') };

/** Runs a verb, shows what it says, and gives what it prints. */
export async function cli(args, { input = '', cwd } = {}) {
  console.log(`$ claviger ${args.join(' ')}`);
  const child = spawn(process.execPath, [claviger, ...args], { cwd, env: { ...process.env, ...environment } });
  const ended = once(child, 'close');
  let printed = '';
  child.stdout.on('data', (chunk) => (printed += chunk));
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => process.stdout.write(chunk));
  child.stdin.end(input);
  const [status] = await ended;
  assert.equal(status, 0, `claviger ${args[0]} ended with ${status}`);
  return printed;
}
