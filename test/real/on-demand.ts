import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The folder that holds exact versions of packages which only these tests need and which are too big for every install:
 * npm gets them at first use, into a cache that stays. Undefined where npm can't, which is an error where
 * `CLAVIGER_REQUIRE_ALL` is set, as in CI.
 *
 * @example
 * const folder = onDemand('mcp-servers', { 'firecrawl-mcp': '3.22.2' });
 */
export function onDemand(name: string, dependencies: Readonly<Record<string, string>>): string | undefined {
  const manifest = JSON.stringify({ private: true, dependencies });
  const hash = createHash('sha256').update(manifest).digest('hex').slice(0, 12);
  const folder = join(tmpdir(), `claviger-${name}-${hash}`);
  if (existsSync(folder)) return folder;
  const made = mkdtempSync(`${folder}-`);
  try {
    writeFileSync(join(made, 'package.json'), manifest);
    const flags = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
    const options = { cwd: made, encoding: 'utf8', timeout: 300_000 } as const;
    const { status, stderr } = spawnSync('npm', ['install', ...flags], options);
    if (status === 0) publish(made, folder);
    else refuse(name, stderr);
    return status === 0 ? folder : undefined;
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

/** In one step, so that nobody finds half of it; another process may have been faster. */
function publish(made: string, folder: string): void {
  try {
    renameSync(made, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
}

function refuse(name: string, why: string): void {
  if (process.env['CLAVIGER_REQUIRE_ALL'] !== '1') return;
  throw new Error(`npm can't install the ${name} that these tests need; or unset CLAVIGER_REQUIRE_ALL: ${why}`);
}

/**
 * A Node of at least this major version: our own, or one that npx gets. Undefined where it can't, which is an error where
 * `CLAVIGER_REQUIRE_ALL` is set.
 */
export function nodeOnDemand(major: number): string | undefined {
  if (Number(process.versions.node.split('.')[0]) >= major) return process.execPath;
  const args = ['--yes', '--package', `node@${major}`, '--', 'node', '-p', 'process.execPath'];
  const { status, stdout, stderr } = spawnSync('npx', args, { cwd: tmpdir(), encoding: 'utf8', timeout: 300_000 });
  if (status === 0) return stdout.trim();
  refuse(`Node ${major}`, stderr);
  return undefined;
}
