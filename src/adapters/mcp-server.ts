export { registerCredentialTool } from './mcp-server/register-credential-tool.js';
export type { ServerToolOptions } from './mcp-server/register-credential-tool.js';
export type { CredentialToolOptions } from './tool-credential.js';
export type {
  ArgumentsOf,
  ContextOf,
  CredentialToolConfig,
  ParameterName,
  RegisteredOf,
  ToolInput,
  ToolResult,
  ToolServer,
} from './mcp-server/tool-server.js';
export { toolsFrom } from './mcp-server/tools-from.js';
export type { ProxiedTool } from './mcp-server/tools-from.js';
