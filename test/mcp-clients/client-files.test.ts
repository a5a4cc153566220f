import { describe, expect, it } from 'vitest';
import { clientFiles, clientNames, type ClientFilesOptions } from '../../src/mcp-clients/client-files.js';

const linux: ClientFilesOptions = { platform: 'linux', home: '/home/u', cwd: '/src/app', env: {}, list: () => [] };
const macos: ClientFilesOptions = { ...linux, platform: 'darwin', home: '/Users/u' };
const windows: ClientFilesOptions = {
  platform: 'win32',
  home: 'C:\\Users\\u',
  cwd: 'C:\\src\\app',
  env: { APPDATA: 'C:\\Users\\u\\AppData\\Roaming', LOCALAPPDATA: 'C:\\Users\\u\\AppData\\Local' },
  list: () => [],
};

function pathsOf(client: string, options: ClientFilesOptions): string[] {
  return clientFiles(options)
    .filter((file) => file.client === client)
    .map(({ path }) => path);
}

describe('the config files of MCP clients', () => {
  it.each([
    ['claude-desktop', linux, '/home/u/.config/Claude/claude_desktop_config.json'],
    ['claude-desktop', macos, '/Users/u/Library/Application Support/Claude/claude_desktop_config.json'],
    ['claude-desktop', windows, 'C:\\Users\\u\\AppData\\Roaming\\Claude\\claude_desktop_config.json'],
    ['claude-code', linux, '/home/u/.claude.json'],
    ['claude-code', linux, '/src/app/.mcp.json'],
    ['cursor', windows, 'C:\\Users\\u\\.cursor\\mcp.json'],
    ['cursor', linux, '/src/app/.cursor/mcp.json'],
    ['vscode', macos, '/Users/u/Library/Application Support/Code/User/mcp.json'],
    ['vscode', linux, '/home/u/.config/VSCodium/User/mcp.json'],
    ['vscode', linux, '/src/app/.vscode/mcp.json'],
    ['copilot-cli', linux, '/home/u/.copilot/mcp-config.json'],
    ['windsurf', linux, '/home/u/.codeium/windsurf/mcp_config.json'],
    ['zed', macos, '/Users/u/.config/zed/settings.json'],
    ['zed', windows, 'C:\\Users\\u\\AppData\\Roaming\\Zed\\settings.json'],
    ['gemini-cli', linux, '/home/u/.gemini/settings.json'],
    ['antigravity', linux, '/home/u/.gemini/antigravity/mcp_config.json'],
    ['codex', linux, '/home/u/.codex/config.toml'],
    ['codex', macos, '/Users/u/Library/Developer/Xcode/CodingAssistant/codex/config.toml'],
    ['goose', linux, '/home/u/.config/goose/config.yaml'],
    ['goose', windows, 'C:\\Users\\u\\AppData\\Roaming\\Block\\goose\\config\\config.yaml'],
    ['opencode', linux, '/home/u/.config/opencode/opencode.jsonc'],
    ['opencode', linux, '/src/app/opencode.json'],
    ['cline', linux, '/home/u/.cline/data/settings/cline_mcp_settings.json'],
    ['cline', linux, '/home/u/.config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json'],
    ['roo', linux, '/src/app/.roo/mcp.json'],
    ['lm-studio', linux, '/home/u/.lmstudio/mcp.json'],
  ] as const)('finds that of %s', (client, options, path) => {
    expect(pathsOf(client, options)).toContain(path);
  });

  it('knows at least one file of each client, on each platform', () => {
    for (const options of [linux, macos, windows]) {
      const clients = new Set(clientFiles(options).map(({ client }) => client));
      expect([...clients].sort()).toEqual([...clientNames].sort());
    }
  });

  it('heeds the variables by which a client is told another folder', () => {
    const env = {
      CODEX_HOME: '/x/codex',
      COPILOT_HOME: '/x/copilot',
      CLINE_DIR: '/x/cline',
      XDG_CONFIG_HOME: '/x/xdg',
    };
    expect(pathsOf('codex', { ...linux, env })).toContain('/x/codex/config.toml');
    expect(pathsOf('copilot-cli', { ...linux, env })).toContain('/x/copilot/mcp-config.json');
    expect(pathsOf('cline', { ...linux, env })).toContain('/x/cline/data/settings/cline_mcp_settings.json');
    expect(pathsOf('goose', { ...linux, env })).toEqual([
      '/x/xdg/goose/config.yaml',
      '/home/u/.config/goose/config.yaml',
    ]);
  });

  it('finds the copy that an installation from the Windows store reads, and the files of editor profiles', () => {
    const packages = 'C:\\Users\\u\\AppData\\Local\\Packages';
    const list = (folder: string) => (folder === packages ? ['Claude_pzs8sxrjxfjjc', 'Other_x'] : []);
    expect(pathsOf('claude-desktop', { ...windows, list })).toContain(
      `${packages}\\Claude_pzs8sxrjxfjjc\\LocalCache\\Roaming\\Claude\\claude_desktop_config.json`,
    );
    const profiles = (folder: string) => (folder.endsWith('Code/User/profiles') ? ['-3a1b'] : []);
    expect(pathsOf('vscode', { ...linux, list: profiles })).toContain(
      '/home/u/.config/Code/User/profiles/-3a1b/mcp.json',
    );
  });

  it('names each file once, with the format in which it is written', () => {
    const files = clientFiles(linux);
    expect(new Set(files.map(({ path }) => path)).size).toBe(files.length);
    expect(files.find(({ client }) => client === 'codex')?.format).toBe('toml');
    expect(files.find(({ client }) => client === 'goose')?.format).toBe('yaml');
    expect(files.find(({ client }) => client === 'zed')?.format).toBe('jsonc');
  });
});
