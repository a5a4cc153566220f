import type { CallToolResult, Progress, Tool } from '@modelcontextprotocol/sdk/types.js';
import type * as zod from 'zod/mini';
import type { Toolset } from '../../mcp/toolset.js';

/** A schema that a server of either version of the SDK takes, and shows as the JSON Schema that it was made from. */
type ShownSchema = zod.ZodMiniObject<Record<never, never>, zod.core.$loose>;

/** A tool of another server, as `registerTool` takes it: its three arguments. */
export interface ProxiedTool {
  readonly name: string;
  readonly config: {
    readonly title?: string;
    readonly description?: string;
    readonly inputSchema: ShownSchema;
    readonly outputSchema?: ShownSchema;
    readonly annotations?: NonNullable<Tool['annotations']>;
    readonly _meta?: Record<string, unknown>;
  };
  readonly callback: (args: Record<string, unknown>, context: object) => Promise<CallToolResult>;
}

/**
 * The tools of an MCP toolset, to be offered by a server of one's own: its clients see their schemas as the toolset gives them,
 * without injected parameters, and calls go through to where the tools are. Progress and cancellation go through as well.
 *
 * @throws ClavigerError what `toolset.listTools` throws
 *
 * @example
 * for (const { name, config, callback } of await toolsFrom(toolset)) server.registerTool(name, config, callback);
 */
export async function toolsFrom(toolset: Toolset): Promise<ProxiedTool[]> {
  const { looseObject } = await import('zod/mini');
  const shown = (schema: object): ShownSchema => {
    const made = looseObject({});
    const converted = (): Record<string, unknown> => structuredClone(schema) as Record<string, unknown>;
    made._zod.toJSONSchema = converted; // what the first version of the SDK asks
    const jsonSchema = { input: converted, output: converted };
    return Object.defineProperty(made, '~standard', { value: { ...made['~standard'], jsonSchema } });
  };
  const tools = await toolset.listTools();
  return tools.map(({ name, title, description, inputSchema, outputSchema, annotations, _meta }) => ({
    name,
    config: {
      ...(title === undefined ? {} : { title }),
      ...(description === undefined ? {} : { description }),
      inputSchema: shown(inputSchema),
      ...(outputSchema === undefined ? {} : { outputSchema: shown(outputSchema) }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(_meta === undefined ? {} : { _meta }),
    },
    callback: (args, context) => toolset.callTool(name, args, callOptions(context)),
  }));
}

/** What is used of a request's context: the first version of the SDK has it at hand, the second in `mcpReq`. */
interface RequestContext {
  readonly signal?: AbortSignal;
  readonly _meta?: { readonly progressToken?: string | number };
  readonly sendNotification?: Notify;
  readonly notify?: Notify;
}

type Notify = (notification: { method: string; params: Record<string, unknown> }) => Promise<void>;

function callOptions(context: object): { signal?: AbortSignal; onProgress?: (progress: Progress) => void } {
  const given: RequestContext & { readonly mcpReq?: RequestContext } = context;
  const request = given.mcpReq ?? given;
  const { signal } = request;
  const progressToken = request._meta?.progressToken;
  const notify = request.notify ?? request.sendNotification;
  return {
    ...(signal === undefined ? {} : { signal }),
    ...(progressToken === undefined || notify === undefined
      ? {}
      : {
          onProgress: (progress) => {
            // a client that is gone wants no progress
            notify({ method: 'notifications/progress', params: { ...progress, progressToken } }).catch(() => undefined);
          },
        }),
  };
}
