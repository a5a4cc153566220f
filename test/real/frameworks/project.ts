import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { manifest, root } from '../../support/built.js';

const run = promisify(execFile);
const here = (path: string) => fileURLToPath(new URL(path, root));

/**
 * Runs a program in a project that has installed the built package beside a framework, as a user's has, and gives what it prints.
 *
 * @param folder where `onDemand` has put the framework
 * @param script relative to this repository
 */
export async function runInProject(folder: string, script: string, node = process.execPath): Promise<string> {
  const project = mkdtempSync(join(tmpdir(), 'claviger-framework-'));
  onTestFinished(() => rmSync(project, { recursive: true, force: true }));
  for (const part of ['dist', 'package.json']) {
    cpSync(here(part), join(project, 'node_modules/claviger', part), { recursive: true });
  }
  for (const name of packagesIn(join(folder, 'node_modules'))) link(join(folder, 'node_modules', name), project, name);
  for (const name of Object.keys(manifest.dependencies)) link(here(`node_modules/${name}`), project, name);
  cpSync(here(script), join(project, 'program.mjs'));
  const { stdout } = await run(node, ['program.mjs'], { cwd: project, timeout: 60_000 });
  return stdout;
}

function packagesIn(modules: string): string[] {
  const names = readdirSync(modules).filter((name) => !name.startsWith('.'));
  return names.flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`) : [name],
  );
}

function link(target: string, project: string, name: string): void {
  const path = join(project, 'node_modules', name);
  mkdirSync(dirname(path), { recursive: true });
  if (!existsSync(path)) symlinkSync(target, path);
}
