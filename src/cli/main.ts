#!/usr/bin/env node
import { readFileSync, writeSync } from 'node:fs';

const args = process.argv.slice(2);

// The version is told before anything is loaded, the streams of `process` included.
if (args.length === 1 && /^(--version|-[vV])$/.test(args[0] ?? '')) {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  writeSync(1, `${(JSON.parse(manifest) as { version: string }).version}\n`);
} else {
  void import('./dispatch.js').then(({ runCommandLine }) => runCommandLine(args, process));
}
