import { resolve } from 'node:path';
import {
  CONFIG_NAME,
  discoverConfig,
  loadConfig,
  userConfigPath,
  type FoundConfig,
  type LoadedConfig,
} from '../index.js';
import type { Context } from './context.js';
import { askPassphrase } from './read-value.js';
import { isTrusted } from './trust-records.js';

/**
 * Finds and loads the config file. A discovered project file that is not trusted as it is ends here, before any of it is
 * used.
 */
export async function openConfig(context: Context, options: { ask?: boolean } = {}): Promise<LoadedConfig> {
  const { env, cwd, configFile, terminal } = context;
  return loadConfig({
    configFile,
    cwd,
    env,
    trusted: (file) => isTrusted(env, file),
    ...(options.ask !== false && { askPassphrase: (path: string) => askPassphrase(terminal, path) }),
  });
}

/** The config file that commands write to: the one named, the project's if asked for, else the user's own. */
export function targetConfig({ env, cwd, configFile }: Context, project: boolean): FoundConfig {
  if (!project) {
    const named = discoverConfig({ configFile, cwd, env });
    return named?.found === 'named' || named?.found === 'environment'
      ? named
      : { path: userConfigPath(env), found: 'user' };
  }
  const { CLAVIGER_CONFIG: _named, ...rest } = env;
  const found = discoverConfig({ cwd, env: rest });
  return found?.found === 'project' ? found : { path: resolve(cwd, CONFIG_NAME), found: 'project' };
}

/** What a config file would be with that text, without reading it. */
export function loadText({ env, cwd, terminal }: Context, path: string, text: string): Promise<LoadedConfig> {
  return loadConfig({ configFile: path, text, cwd, env, askPassphrase: (store) => askPassphrase(terminal, store) });
}
