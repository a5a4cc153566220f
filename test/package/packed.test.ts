import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entries, manifest, root } from '../support/built.js';

const run = promisify(execFile);

let project: string;

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}
let packed: Packed;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'claviger-packed-'));
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true }));
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', project];
  const { stdout } = await run('npm', pack, { cwd: fileURLToPath(root) });
  const [first] = JSON.parse(stdout) as [Packed];
  packed = first;
  const install = ['install', '--ignore-scripts', '--omit=optional', '--prefer-offline', '--no-audit', '--no-fund'];
  await run('npm', [...install, join(project, packed.filename)], { cwd: project });
}, 180_000);

afterAll(async () => {
  await rm(project, { recursive: true, force: true });
});

describe('the packed package', () => {
  it('holds the build, the documents and nothing else', () => {
    const top = new Set(packed.files.map(({ path }) => path.split('/')[0]));
    expect([...top].sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'package.json']);
    const kinds = new Set(
      packed.files
        .map(({ path }) => path)
        .filter((path) => path.startsWith('dist/'))
        .map(kind),
    );
    expect([...kinds].sort()).toEqual(['.d.ts', '.js', '.json', '.txt']);
  });

  it('installs without optional dependencies and without running a script', async () => {
    expect(await readdir(join(project, 'node_modules'))).not.toContain('keytar');
  });

  it.each(entries)('$name can be imported, and required with the same exports', async ({ name }) => {
    const code = `const required = Object.keys(require('${name}'));
      import('${name}').then((module) => console.log(JSON.stringify([required, Object.keys(module)])));`;
    const { stdout } = await run(process.execPath, ['--no-warnings', '-e', code], { cwd: project });
    const [required, imported] = JSON.parse(stdout) as [string[], string[]];
    expect(imported).not.toEqual([]);
    expect(required.filter((key) => key !== '__esModule')).toEqual(imported);
  });

  it('starts the process that speaks to the keychain, which says that keytar is not installed', async () => {
    const code = `import('claviger/stores/keychain').then(({ keychainStore }) =>
      keychainStore().get('github').catch((error) => console.log(error.code)));`;
    const { stdout } = await run(process.execPath, ['--no-warnings', '-e', code], { cwd: project });
    expect(stdout.trim()).toBe('ERR_DEPENDENCY_MISSING');
  });

  it('gives a command line that tells its version', async () => {
    const { stdout } = await run(join(project, 'node_modules/.bin/claviger'), ['--version'], { cwd: project });
    expect(stdout.trim()).toBe(manifest.version);
  });
});

/** `.d.ts`, `.js`, `.txt` */
function kind(path: string): string {
  return /([.]d)?[.][^./]+$/.exec(path)?.[0] ?? '';
}
