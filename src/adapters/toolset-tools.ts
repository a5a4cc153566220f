import type { CallToolResult, Tool } from '@modelcontextprotocol/sdk/types.js';
import type { RequestLimits, Toolset } from '../mcp/toolset.js';

/** A tool of a toolset, before it has a framework's shape. */
export interface ToolsetTool {
  readonly tool: Tool;
  /** What the model reads of it. */
  readonly description: string;
  /** @throws Error with what the tool says, where it says that it failed */
  readonly call: (args: unknown, signal?: AbortSignal) => Promise<CallToolResult>;
}

/** The tools that a toolset has now, each with the call that reaches it. */
export async function toolsetTools(toolset: Toolset, limits?: RequestLimits): Promise<ToolsetTool[]> {
  const tools = await toolset.listTools(limits);
  return tools.map((tool) => ({
    tool,
    description: tool.description ?? tool.title ?? tool.annotations?.title ?? '',
    async call(args, signal) {
      const result = await toolset.callTool(
        tool.name,
        isObject(args) ? args : {},
        signal === undefined ? {} : { signal },
      );
      if (result.isError === true) throw new Error(textOf(result) || `the tool "${tool.name}" failed`);
      return result;
    },
  }));
}

/** A result as text: its texts, what else it holds as JSON, or its structured content. */
export function textOf({ content, structuredContent }: CallToolResult): string {
  if (content.length === 0) return structuredContent === undefined ? '' : JSON.stringify(structuredContent);
  return content.map((part) => (part.type === 'text' ? part.text : JSON.stringify(part))).join('\n');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
