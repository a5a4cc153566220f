import type { ClientName } from './client-files.js';

/** How a client writes down its servers: what differs between them, as data. */
export interface ClientShape {
  readonly title: string;
  /** Where entries stand by name; `*` is any key. */
  readonly roots: readonly (readonly string[])[];
  readonly command: string;
  /** Undefined where the command is a list with its arguments. */
  readonly args?: string;
  readonly env: string;
  /** Under which names a server has its address. */
  readonly urls: readonly string[];
  readonly headers: string;
  /** What `type` says of a server that is a process; undefined where the client asks for none. */
  readonly stdioType?: string;
  /** The name of an address that means the older HTTP with SSE. */
  readonly sseUrl?: string;
  /** Whether it replaces `${NAME}` and the like itself. */
  readonly expands: boolean;
}

const usual = {
  roots: [['mcpServers']],
  command: 'command',
  args: 'args',
  env: 'env',
  urls: ['url'],
  headers: 'headers',
  expands: true,
} as const;

export const clientShapes: Readonly<Record<ClientName, ClientShape>> = {
  'claude-desktop': { ...usual, title: 'Claude Desktop', expands: false },
  'claude-code': { ...usual, title: 'Claude Code', roots: [['mcpServers'], ['projects', '*', 'mcpServers']] },
  cursor: { ...usual, title: 'Cursor' },
  vscode: { ...usual, title: 'VS Code', roots: [['servers']], stdioType: 'stdio' },
  'copilot-cli': { ...usual, title: 'Copilot CLI', stdioType: 'local' },
  windsurf: { ...usual, title: 'Windsurf', urls: ['serverUrl', 'url'] },
  zed: { ...usual, title: 'Zed', roots: [['context_servers']], expands: false },
  'gemini-cli': { ...usual, title: 'Gemini CLI', urls: ['httpUrl', 'url'], sseUrl: 'url' },
  antigravity: { ...usual, title: 'Antigravity', urls: ['serverUrl', 'url'] },
  codex: { ...usual, title: 'Codex', roots: [['mcp_servers']], headers: 'http_headers', expands: false },
  goose: {
    ...usual,
    ...{ title: 'Goose', roots: [['extensions']], command: 'cmd', env: 'envs', urls: ['uri'] },
    ...{ stdioType: 'stdio', expands: false },
  },
  opencode: {
    ...{ title: 'opencode', roots: [['mcp']], command: 'command', env: 'environment', urls: ['url'] },
    ...{ headers: 'headers', stdioType: 'local', expands: true },
  },
  cline: { ...usual, title: 'Cline', expands: false },
  roo: { ...usual, title: 'Roo', expands: false },
  'lm-studio': { ...usual, title: 'LM Studio', expands: false },
  kiro: { ...usual, title: 'Kiro' },
  'amazon-q': { ...usual, title: 'Amazon Q' },
};

/** By its root alone, the client whose file a document could be. */
export function clientByRoot(document: unknown): ClientName | undefined {
  const has = (key: string) => typeof document === 'object' && document !== null && key in document;
  if (has('mcpServers')) return 'claude-code';
  if (has('projects')) return 'claude-code';
  if (has('servers')) return 'vscode';
  if (has('context_servers')) return 'zed';
  if (has('mcp_servers')) return 'codex';
  if (has('extensions')) return 'goose';
  return has('mcp') ? 'opencode' : undefined;
}
