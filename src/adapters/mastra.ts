import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { ClavigerError } from '../errors.js';
import type { RequestLimits, Toolset } from '../mcp/toolset.js';
import { cloneWith } from './clone-with.js';
import { divideSchema } from './divided-schema.js';
import { importPeer } from './import-peer.js';
import { redactedContext } from './mastra/redacted-context.js';
import type { CredentialTool, Execute, MastraTool, ToolContext } from './mastra/tool-types.js';
import { withoutQuotedArguments } from './mastra/validation-result.js';
import { toolCredential, type CredentialToolOptions } from './tool-credential.js';
import { toolsetTools } from './toolset-tools.js';

export type { CredentialTool, MastraTool } from './mastra/tool-types.js';
export type { CredentialToolOptions } from './tool-credential.js';

/**
 * A tool of Mastra (`createTool` of `@mastra/core`) whose key comes from a provider: a tool of the same class, whose schema the
 * model sees without the parameter. Streams, hooks, memory, traces and what is kept of a suspended run see neither the key nor
 * results or errors that hold it.
 *
 * - `execute` gets what the tool's own schema makes of the arguments with the key among them.
 * - `requireApproval`, `toModelOutput` and the `on…` hooks work on what the model sent, and on redacted results.
 * - Nothing that the tool sends through its context (`writer`, `observe`, `suspend`, `mcp`) holds the key.
 *
 * @throws ClavigerError `ERR_PLACEMENT_INVALID` at once if the tool has no such parameter or it can't be hidden
 *
 * @example
 * const weather = withCredentialTool(
 *   createTool({
 *     id: 'weather',
 *     description: 'The weather in a city',
 *     inputSchema: z.object({ city: z.string(), apiKey: z.string() }),
 *     execute: async ({ city, apiKey }) => fetchWeather(city, apiKey),
 *   }),
 *   { auth: apiKeyAuth({ providerName: 'weather' }), into: 'apiKey' },
 * );
 */
export function withCredentialTool<T extends MastraTool, const N extends string>(
  tool: T,
  options: CredentialToolOptions<N>,
): CredentialTool<T, N> {
  const own = tool.execute as Execute | undefined;
  if (typeof own !== 'function' || typeof tool.id !== 'string') {
    throw new ClavigerError('ERR_CONFIG_INVALID', 'withCredentialTool takes a tool of Mastra that has execute');
  }
  const credential = toolCredential(options);
  const schema = typeof tool.inputSchema === 'function' ? (tool.inputSchema as () => unknown)() : tool.inputSchema;
  const { shown } = divideSchema(schema ?? {}, credential);
  const execute: Execute = (input, context) =>
    credential.use({
      tool: tool.id,
      args: credential.without(input),
      signal: context?.abortSignal,
      call: async (placed) => {
        const given = redactedContext(context, await credential.redactor());
        return withoutQuotedArguments(await own.call(tool, placed, given), credential);
      },
    });
  return cloneWith<MastraTool>(tool, { inputSchema: shown, execute }) as unknown as CredentialTool<T, N>;
}

/** Tools by name, as an agent takes them. What a server declares is known at run time only. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the framework's Tool, which is not there where it is not used
export type MastraToolset = Record<string, any>;

/**
 * The tools of an MCP toolset, by name, as an agent takes them: those it has now. What a tool says when it fails is the error of
 * the call.
 *
 * @throws ClavigerError `ERR_DEPENDENCY_MISSING` without `@mastra/core`; what `listTools` throws
 *
 * @example
 * const agent = new Agent({ id: 'agent', name: 'agent', instructions, model, tools: await toolsFrom(toolset) });
 */
export async function toolsFrom(toolset: Toolset, limits?: RequestLimits): Promise<MastraToolset> {
  const { createTool } = await importPeer<{ createTool: (options: object) => object }>('mastra', '@mastra/core/tools');
  const tools = await toolsetTools(toolset, limits);
  return Object.fromEntries(
    tools.map(({ tool, description, call }) => [
      tool.name,
      createTool({
        id: tool.name,
        description,
        ...(tool.title === undefined ? {} : { title: tool.title }),
        inputSchema: tool.inputSchema,
        execute: (input: unknown, context?: ToolContext): Promise<CallToolResult> => call(input, context?.abortSignal),
      }),
    ]),
  );
}
