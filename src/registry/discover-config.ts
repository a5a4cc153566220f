import { existsSync } from 'node:fs';
import { dirname, join, parse, resolve } from 'node:path';
import { configHome } from '../internal/home.js';

export const CONFIG_NAME = 'claviger.config.json';

export interface DiscoveryOptions {
  /** Takes precedence over everything; naming it is consent. */
  configFile?: string | undefined;
  cwd?: string | undefined;
  env?: NodeJS.ProcessEnv | undefined;
}

export interface FoundConfig {
  readonly path: string;
  /** How it was found. A `project` file came with somebody else's repository and is hostile until trusted. */
  readonly found: 'named' | 'environment' | 'project' | 'user';
}

/**
 * Looks for the config file: the one named, `CLAVIGER_CONFIG`, the nearest one up to the root of the repository, the
 * one in the user's config directory. Outside a repository only the current directory itself counts as a project.
 */
export function discoverConfig({
  configFile,
  cwd = process.cwd(),
  env = process.env,
}: DiscoveryOptions): FoundConfig | undefined {
  if (configFile !== undefined) return { path: resolve(cwd, configFile), found: 'named' };
  const named = env['CLAVIGER_CONFIG'];
  if (named !== undefined && named !== '') return { path: resolve(cwd, named), found: 'environment' };
  const project = nearest(resolve(cwd));
  if (project !== undefined) return { path: project, found: 'project' };
  const user = userConfigPath(env);
  return existsSync(user) ? { path: user, found: 'user' } : undefined;
}

export function userConfigPath(env: NodeJS.ProcessEnv = process.env): string {
  return join(configHome(env), CONFIG_NAME);
}

/** Never above the repository's root: a file there belongs to somebody else. */
function nearest(start: string): string | undefined {
  const root = repositoryRoot(start) ?? start;
  for (let directory = start; ; directory = dirname(directory)) {
    const candidate = join(directory, CONFIG_NAME);
    if (existsSync(candidate)) return candidate;
    if (directory === root || directory === parse(directory).root) return undefined;
  }
}

function repositoryRoot(start: string): string | undefined {
  for (let directory = start; ; directory = dirname(directory)) {
    if (existsSync(join(directory, '.git'))) return directory;
    if (directory === parse(directory).root) return undefined;
  }
}
