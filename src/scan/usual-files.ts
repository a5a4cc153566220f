import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { clientFiles, type ClientFormat } from '../mcp-clients/client-files.js';
import { fishFiles, isEnvFile, powershellFiles, shellFiles } from './settings-file.js';

/** A place where keys usually stand in plain text; whether there is a file is not asked. */
interface UsualFile {
  readonly path: string;
  /** The MCP client whose config file it is. */
  readonly client?: string;
  readonly format?: ClientFormat;
  readonly settings: true;
}

interface UsualFilesOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly platform?: NodeJS.Platform;
}

/** Config files of MCP clients, the folder's `.env` files, and what shells run when they start. */
export function usualFiles({ env, cwd, platform = process.platform }: UsualFilesOptions): UsualFile[] {
  const settings = true as const;
  const clients = clientFiles({ env, cwd, platform }).map(({ path, client, format }) => ({
    path,
    client,
    format,
    settings,
  }));
  const others = [...envFiles(cwd), ...startUpFiles(env, platform)].map((path) => ({ path, settings }));
  return [...clients, ...others];
}

function envFiles(folder: string): string[] {
  return namesIn(folder)
    .filter(isEnvFile)
    .map((name) => join(folder, name));
}

function startUpFiles(env: UsualFilesOptions['env'], platform: NodeJS.Platform): string[] {
  const home = (platform === 'win32' ? env['USERPROFILE'] : env['HOME']) || homedir();
  const config = env['XDG_CONFIG_HOME'] || join(home, '.config');
  const zsh = env['ZDOTDIR'];
  const inFolder = (folder: string, end: string) =>
    namesIn(folder)
      .filter((name) => name.endsWith(end))
      .map((name) => join(folder, name));
  const powershell =
    platform === 'win32'
      ? ['PowerShell', 'WindowsPowerShell'].map((folder) => join(home, 'Documents', folder))
      : [join(config, 'powershell')];
  return [
    ...shellFiles.map((name) => join(home, name)),
    ...(zsh ? ['.zshrc', '.zshenv', '.zprofile', '.zlogin'].map((name) => join(zsh, name)) : []),
    ...fishFiles.map((name) => join(config, 'fish', name)),
    ...inFolder(join(config, 'fish', 'conf.d'), '.fish'),
    ...inFolder(join(config, 'environment.d'), '.conf'),
    ...['config.nu', 'env.nu'].map((name) => join(config, 'nushell', name)),
    ...powershell.flatMap((folder) => powershellFiles.map((name) => join(folder, name))),
  ];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
