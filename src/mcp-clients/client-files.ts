import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';

/** The clients whose config files are known. */
export const clientNames = [
  'claude-desktop',
  'claude-code',
  'cursor',
  'vscode',
  'copilot-cli',
  'windsurf',
  'zed',
  'gemini-cli',
  'antigravity',
  'codex',
  'goose',
  'opencode',
  'cline',
  'roo',
  'lm-studio',
  'kiro',
  'amazon-q',
] as const;

export type ClientName = (typeof clientNames)[number];

/** A place where a client reads its MCP servers from; whether there is a file is not asked. */
export interface ClientFile {
  readonly client: ClientName;
  /** Absolute. */
  readonly path: string;
  /** Plain JSON is read as JSONC too. */
  readonly format: ClientFormat;
  readonly scope: 'user' | 'project';
}

export type ClientFormat = 'jsonc' | 'toml' | 'yaml';

export interface ClientFilesOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly platform?: NodeJS.Platform;
  readonly home?: string;
  /** The project whose files are meant. */
  readonly cwd?: string;
  /** The names in a folder, none where it can't be read: some clients have one file for each profile or installation. */
  readonly list?: (folder: string) => readonly string[];
}

/**
 * Every file in which a known client may have MCP servers on this platform: first those of the user, then those of the
 * project. A file that two clients read is named once, for the first of them.
 */
export function clientFiles(options: ClientFilesOptions = {}): ClientFile[] {
  const places = placesOf(options);
  const found = [...userFiles(places), ...projectFiles(places)];
  return found.filter(({ path }, index) => found.findIndex((other) => other.path === path) === index);
}

/** The format that a file's name tells. */
export function formatOf(path: string): ClientFormat {
  return /\.toml$/i.test(path) ? 'toml' : /\.ya?ml$/i.test(path) ? 'yaml' : 'jsonc';
}

interface Places {
  readonly join: (...parts: string[]) => string;
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly cwd: string;
  /** Where desktop programs keep their settings. */
  readonly applications: readonly string[];
  /** Where command-line programs do. */
  readonly configs: readonly string[];
  readonly list: (folder: string) => readonly string[];
}

function placesOf({ env = process.env, platform = process.platform, home, cwd, list }: ClientFilesOptions): Places {
  const system = platform === 'win32' ? win32 : posix;
  const join = (...parts: string[]) => system.join(...parts);
  const user = home ?? ((platform === 'win32' ? env['USERPROFILE'] : env['HOME']) || homedir());
  // Programs read the one or the other, and not all of them heed the variable.
  const xdg = env['XDG_CONFIG_HOME'];
  const dotConfig = [...(xdg !== undefined && system.isAbsolute(xdg) ? [join(xdg)] : []), join(user, '.config')];
  const roaming = [env['APPDATA'] || join(user, 'AppData', 'Roaming')];
  const applications =
    platform === 'win32' ? roaming : platform === 'darwin' ? [join(user, 'Library', 'Application Support')] : dotConfig;
  return {
    ...{ join, platform, env, home: user, cwd: cwd ?? process.cwd(), applications },
    configs: platform === 'win32' ? [join(user, '.config'), ...roaming] : dotConfig,
    list: list ?? listFolder,
  };
}

function userFiles(places: Places): ClientFile[] {
  const { join, home, env, configs, platform } = places;
  const user = (client: ClientName, ...paths: string[]) =>
    paths.map((path): ClientFile => ({ client, path, format: formatOf(path), scope: 'user' }));
  const own = (variable: string, folder: string, file: string) => join(env[variable] || join(home, folder), file);
  const xcode = join(home, 'Library', 'Developer', 'Xcode', 'CodingAssistant', 'codex', 'config.toml');
  return [
    ...user('claude-desktop', ...claudeDesktopFiles(places)),
    ...user('claude-code', join(home, '.claude.json')),
    ...user('cursor', join(home, '.cursor', 'mcp.json')),
    ...user('vscode', ...editorFolders(places, ['Code', 'Code - Insiders', 'VSCodium']).flatMap(vscodeFiles(places))),
    ...user('copilot-cli', own('COPILOT_HOME', '.copilot', 'mcp-config.json')),
    ...user('windsurf', ...['windsurf', 'windsurf-next'].map((one) => join(home, '.codeium', one, 'mcp_config.json'))),
    ...user('zed', ...zedFolders(places).map((folder) => join(folder, 'settings.json'))),
    ...user('gemini-cli', join(home, '.gemini', 'settings.json')),
    ...user('antigravity', join(home, '.gemini', 'antigravity', 'mcp_config.json')),
    ...user('codex', own('CODEX_HOME', '.codex', 'config.toml'), ...(platform === 'darwin' ? [xcode] : [])),
    ...user('goose', ...gooseFolders(places).map((folder) => join(folder, 'config.yaml'))),
    ...user('opencode', ...configs.flatMap((folder) => inFolder(places, join(folder, 'opencode'), opencodeNames))),
    ...user(
      'cline',
      join(env['CLINE_DIR'] || join(home, '.cline'), 'data', 'settings', 'cline_mcp_settings.json'),
      ...extensionFiles(places, 'saoudrizwan.claude-dev', 'cline_mcp_settings.json'),
    ),
    ...user('roo', ...extensionFiles(places, 'rooveterinaryinc.roo-cline', 'mcp_settings.json')),
    ...user('lm-studio', join(home, '.lmstudio', 'mcp.json'), join(home, '.cache', 'lm-studio', 'mcp.json')),
    ...user('kiro', join(home, '.kiro', 'settings', 'mcp.json')),
    ...user('amazon-q', join(home, '.aws', 'amazonq', 'mcp.json')),
  ];
}

const opencodeNames = ['opencode.json', 'opencode.jsonc'];

function projectFiles(places: Places): ClientFile[] {
  const { join, cwd } = places;
  const inProject: readonly (readonly [ClientName, ...string[]])[] = [
    ['claude-code', '.mcp.json'],
    ['cursor', '.cursor', 'mcp.json'],
    ['vscode', '.vscode', 'mcp.json'],
    ['gemini-cli', '.gemini', 'settings.json'],
    ['codex', '.codex', 'config.toml'],
    ['zed', '.zed', 'settings.json'],
    ['opencode', 'opencode.json'],
    ['opencode', 'opencode.jsonc'],
    ['roo', '.roo', 'mcp.json'],
    ['kiro', '.kiro', 'settings', 'mcp.json'],
    ['amazon-q', '.amazonq', 'mcp.json'],
  ];
  return inProject.map(([client, ...names]) => {
    const path = join(cwd, ...names);
    return { client, path, format: formatOf(path), scope: 'project' };
  });
}

/** An installation from the Windows store reads its own copy of the folder, and not the usual one. */
function claudeDesktopFiles({ join, home, env, platform, applications, list }: Places): string[] {
  const name = 'claude_desktop_config.json';
  const usual = applications.map((folder) => join(folder, 'Claude', name));
  if (platform !== 'win32') return usual;
  const packages = join(env['LOCALAPPDATA'] || join(home, 'AppData', 'Local'), 'Packages');
  const stores = list(packages).filter((one) => one.startsWith('Claude_'));
  return [...usual, ...stores.map((one) => join(packages, one, 'LocalCache', 'Roaming', 'Claude', name))];
}

function editorFolders({ join, applications }: Places, editors: readonly string[]): string[] {
  return applications.flatMap((folder) => editors.map((editor) => join(folder, editor, 'User')));
}

/** The default profile's file and those of the others. */
function vscodeFiles({ join, list }: Places): (folder: string) => string[] {
  return (folder) => {
    const profiles = join(folder, 'profiles');
    return [join(folder, 'mcp.json'), ...list(profiles).map((profile) => join(profiles, profile, 'mcp.json'))];
  };
}

/** What an extension keeps, in each editor of VS Code's kind that it may run in. */
function extensionFiles(places: Places, extension: string, file: string): string[] {
  return editorFolders(places, ['Code', 'Code - Insiders', 'VSCodium', 'Cursor', 'Windsurf']).map((folder) =>
    places.join(folder, 'globalStorage', extension, 'settings', file),
  );
}

function zedFolders({ join, home, platform, applications, configs }: Places): string[] {
  if (platform === 'win32') return applications.map((folder) => join(folder, 'Zed'));
  const folders = platform === 'darwin' ? [join(home, '.config')] : configs;
  return folders.map((folder) => join(folder, 'zed'));
}

function gooseFolders({ join, platform, applications, configs }: Places): string[] {
  if (platform === 'win32') return applications.map((folder) => join(folder, 'Block', 'goose', 'config'));
  return configs.map((folder) => join(folder, 'goose'));
}

function inFolder({ join }: Places, folder: string, names: readonly string[]): string[] {
  return names.map((name) => join(folder, name));
}

function listFolder(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
