/**
 * Runs every benchmark, one after the other so that none disturbs another: `npm run bench`, or with parts of names
 * `npm run bench -- redaction`.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const wanted = process.argv.slice(2);
const files = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith('.bench.mjs'))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort();

if (files.length === 0) {
  console.error(`no benchmark ${wanted.length === 0 ? 'here' : `named like ${wanted.join(', ')}`}`);
  process.exitCode = 2;
}
for (const file of files) {
  console.log(`\n${file} on Node ${process.version}`);
  const { status } = spawnSync(process.execPath, [fileURLToPath(new URL(file, import.meta.url))], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
