import type { RequestLimits, Toolset } from '../mcp/toolset.js';
import { ClavigerError } from '../errors.js';
import { isStandardSchema } from '../tools/standard-schema.js';
import { nothingToHide } from '../tools/nothing-to-hide.js';
import { cloneWith } from './clone-with.js';
import { divideSchema } from './divided-schema.js';
import { hideInDeclaration, hideInSchema } from './google-adk/declaration.js';
import type { AdkTool, FunctionToolInternals, ToolContext, ToolInternals } from './google-adk/tool-types.js';
import { importPeer } from './import-peer.js';
import { toolCredential, type CredentialToolOptions, type ToolCredential } from './tool-credential.js';
import { toolsetTools, type ToolsetTool } from './toolset-tools.js';

export type { AdkTool } from './google-adk/tool-types.js';
export type { CredentialToolOptions } from './tool-credential.js';

/**
 * A tool of Google's Agent Development Kit (`@google/adk`) whose key comes from a provider: the same class of tool, declared to
 * the model without the parameter. Callbacks, plugins, events, session state and traces see neither the key nor results or errors
 * that hold it.
 *
 * - The arguments of a `FunctionTool` are checked before anybody is asked to confirm the call or the key is fetched; its function
 *   gets what the whole schema parses. `requireConfirmation` judges the arguments without the key.
 * - Any other tool that derives from `BaseTool` (`MCPTool`, `RestApiTool`, your own) runs with the key among its arguments.
 *
 * @throws ClavigerError `ERR_PLACEMENT_INVALID` at once if the tool declares no such parameter or it can't be hidden
 *
 * @example
 * const weather = withCredentialTool(
 *   new FunctionTool({
 *     name: 'weather',
 *     description: 'The weather in a city',
 *     parameters: z.object({ city: z.string(), apiKey: z.string() }),
 *     execute: ({ city, apiKey }) => fetchWeather(city, apiKey),
 *   }),
 *   { auth: apiKeyAuth({ providerName: 'weather' }), into: 'apiKey' },
 * );
 */
export function withCredentialTool<T extends AdkTool>(tool: T, options: CredentialToolOptions): T {
  const internals = tool as unknown as ToolInternals;
  if (typeof internals.runAsync !== 'function' || typeof internals._getDeclaration !== 'function') {
    throw new ClavigerError('ERR_CONFIG_INVALID', 'withCredentialTool takes a tool of @google/adk');
  }
  const credential = toolCredential(options);
  const wrapped = isFunctionTool(internals) ? wrapFunction(internals, credential) : wrapTool(internals, credential);
  return wrapped as unknown as T;
}

/**
 * The tools of an MCP toolset, as an agent takes them: those it has now. What a tool says when it fails is the error of the call.
 *
 * @throws ClavigerError `ERR_DEPENDENCY_MISSING` without `@google/adk`; what `listTools` throws
 *
 * @example
 * const agent = new LlmAgent({ name: 'agent', model, tools: await toolsFrom(toolset) });
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the framework's BaseTool, whose mark is a unique symbol
export async function toolsFrom<Tool = any>(toolset: Toolset, limits?: RequestLimits): Promise<Tool[]> {
  const { BaseTool } = await importPeer<{ BaseTool: BaseToolClass }>('google-adk', '@google/adk');
  class ToolOfToolset extends BaseTool {
    readonly #tool: ToolsetTool;

    constructor(tool: ToolsetTool) {
      super({ name: tool.tool.name, description: tool.description });
      this.#tool = tool;
    }

    _getDeclaration(): object {
      const { tool, description } = this.#tool;
      return { name: tool.name, description, parametersJsonSchema: tool.inputSchema };
    }

    runAsync({ args, toolContext }: { args: unknown; toolContext?: ToolContext }): Promise<unknown> {
      return this.#tool.call(args, toolContext?.abortSignal);
    }
  }
  const tools = await toolsetTools(toolset, limits);
  return tools.map((tool) => new ToolOfToolset(tool) as Tool);
}

type BaseToolClass = new (params: { name: string; description: string }) => object;

/** By the mark that the framework puts on its class, so that copies of the package do not matter. */
function isFunctionTool(tool: ToolInternals): tool is FunctionToolInternals {
  const mark = Symbol.for('google.adk.functionTool');
  return mark in tool && typeof (tool as Partial<FunctionToolInternals>).execute === 'function';
}

/** Its own `runAsync` checks, asks for confirmation and calls: it does so with a schema and a function of ours. */
function wrapFunction(tool: FunctionToolInternals, credential: ToolCredential): FunctionToolInternals {
  const { parameters = {}, execute, name } = tool;
  const { shown, accept } = isStandardSchema(parameters)
    ? divideSchema(parameters, credential)
    : { shown: hideInSchema(parameters, credential.parameter), accept: undefined };
  if (shown === undefined) throw nothingToHide(credential.parameter, []);
  return cloneWith(tool, {
    parameters: shown,
    execute: (input: unknown, context?: ToolContext) =>
      inContext(credential, context, () =>
        credential.use({
          tool: name,
          args: credential.without(input),
          signal: context?.abortSignal,
          call: async (placed): Promise<unknown> =>
            Reflect.apply(execute, tool, [(await accept?.(placed)) ?? placed, context]),
        }),
      ),
  });
}

function wrapTool(tool: ToolInternals, credential: ToolCredential): ToolInternals {
  hideInDeclaration(tool._getDeclaration(), credential.parameter);
  return cloneWith(tool, {
    _getDeclaration: () => hideInDeclaration(tool._getDeclaration(), credential.parameter),
    checkRequireConfirmation: (args: Record<string, unknown>, context?: ToolContext) =>
      tool.checkRequireConfirmation?.(args, context) ?? Promise.resolve(false),
    runAsync: (request: Parameters<ToolInternals['runAsync']>[0]) =>
      inContext(credential, request.toolContext, () =>
        credential.use({
          tool: tool.name,
          args: request.args,
          signal: request.toolContext.abortSignal,
          call: (args) => tool.runAsync({ ...request, args }),
        }),
      ),
  });
}

/** Runs a call, and takes the key out of what it has written into the session's state: that is stored and sent. */
async function inContext<R>(
  credential: ToolCredential,
  context: ToolContext | undefined,
  call: () => Promise<R>,
): Promise<R> {
  try {
    return await call();
  } finally {
    const redactor = await credential.redactor();
    const { state, actions } = context ?? {};
    for (const [key, value] of Object.entries(actions?.stateDelta ?? {})) {
      const redacted: unknown = redactor?.value(value) ?? value;
      if (redacted !== value) state?.set(key, redacted);
    }
  }
}
