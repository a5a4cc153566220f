import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { ClavigerError } from '../errors.js';
import type { RequestLimits, Toolset } from '../mcp/toolset.js';
import { hideParameter } from '../tools/hide-parameter.js';
import { inputCheck } from './check-input.js';
import { cloneWith } from './clone-with.js';
import { importPeer } from './import-peer.js';
import type { CredentialTool, LangChainTool, LangChainToolCall } from './langchain/tool-types.js';
import { toolCredential, type CredentialToolOptions } from './tool-credential.js';
import { textOf, toolsetTools, type ToolsetTool } from './toolset-tools.js';

export type { CredentialTool, LangChainTool, LangChainToolCall } from './langchain/tool-types.js';
export type { CredentialToolOptions } from './tool-credential.js';

/** What a tool is asked through beneath `invoke`, once its schema has parsed the arguments and callbacks were told of them. */
type Run = (parsed: unknown, runManager?: unknown, config?: { readonly signal?: AbortSignal }) => unknown;

interface Internals extends LangChainTool {
  readonly lc_kwargs?: object;
  readonly _call: Run;
  /** Of tools that `tool()` makes. */
  readonly func?: Run;
  call(arg: unknown, config?: unknown, tags?: string[]): Promise<unknown>;
}

/**
 * A tool of LangChain (`@langchain/core`) whose key comes from a provider: what `tool()` makes, or any `StructuredTool`. It stays
 * of its class. The model sees the schema without the parameter; the tool gets it, after its own schema has checked the whole,
 * beneath the callbacks: neither they nor traces nor a serialised tool ever see it, and results and errors lose it.
 *
 * What the tool does with the key in runnables of its own is traced like everything else: keep it out of their input.
 *
 * @throws ClavigerError `ERR_PLACEMENT_INVALID`, `ERR_CONFIG_INVALID` at once, for tools and options that can't work
 *
 * @example
 * const weather = withCredentialTool(
 *   tool(async ({ city, apiKey }) => fetchWeather(city, apiKey), {
 *     name: 'weather',
 *     schema: z.object({ city: z.string(), apiKey: z.string() }),
 *   }),
 *   { auth: apiKeyAuth({ providerName: 'weather' }), into: 'apiKey' },
 * );
 */
export function withCredentialTool<T extends LangChainTool, const N extends string>(
  tool: T,
  options: CredentialToolOptions<N>,
): CredentialTool<T, N> {
  const own = tool as unknown as Internals;
  if (typeof own._call !== 'function' || typeof own.call !== 'function') {
    throw new ClavigerError('ERR_CONFIG_INVALID', 'withCredentialTool takes a StructuredTool, as tool() makes it');
  }
  const credential = toolCredential(options);
  const check = inputCheck(own.schema as object, credential);
  const schema: unknown = hideParameter(own.schema as object, credential.parameter);

  const running =
    (run: Run, sent?: { readonly args: unknown }): Run =>
    async (parsed, runManager, config) => {
      let raw: unknown;
      const result = await credential.use({
        tool: own.name,
        args: sent === undefined ? credential.without(parsed) : sent.args,
        signal: config?.signal,
        call: async (placed) => (raw = await run.call(own, await check(placed), runManager, config)),
      });
      return likeDirectOutput(raw, result);
    };

  /** What the model sent is known here only: further down it is parsed, and parsing twice would apply transforms twice. */
  function call(this: object, arg: unknown, config?: unknown, tags?: string[]): Promise<unknown> {
    const args = credential.without(isToolCall(arg) ? arg.args : arg);
    const receiver = Object.create(this, { _call: { value: running(own._call, { args }) } }) as Internals;
    return own.call.call(receiver, isToolCall(arg) ? { ...arg, args } : args, config, tags);
  }

  return cloneWith<LangChainTool>(tool, {
    schema,
    lc_kwargs: { ...own.lc_kwargs, schema },
    call,
    _call: running(own._call),
    ...(typeof own.func === 'function' ? { func: running(own.func) } : {}),
  }) as CredentialTool<T, N>;
}

function isToolCall(arg: unknown): arg is LangChainToolCall {
  return (arg as { type?: unknown } | undefined)?.type === 'tool_call';
}

/**
 * Messages and commands go on as they are, and are told by their class. One that held a secret comes back as a plain copy: it gets
 * its class again.
 */
function likeDirectOutput(raw: unknown, result: unknown): unknown {
  if (raw === result || (raw as { lc_direct_tool_output?: unknown } | null)?.lc_direct_tool_output !== true)
    return result;
  return Object.create(Object.getPrototypeOf(raw) as object, Object.getOwnPropertyDescriptors(result as object));
}

/**
 * The tools of an MCP toolset as LangChain's: those it has now. A tool that says that it failed rejects with its text.
 *
 * @throws ClavigerError `ERR_DEPENDENCY_MISSING` without `@langchain/core`; what `listTools` throws
 *
 * @example
 * const agent = createAgent({ model, tools: await toolsFrom(toolset) });
 */
export async function toolsFrom(toolset: Toolset, limits?: RequestLimits): Promise<LangChainToolsetTool[]> {
  const { DynamicStructuredTool } = await importPeer<LangChainModule>('langchain', '@langchain/core/tools');
  const tools = await toolsetTools(toolset, limits);
  return tools.map((tool): unknown => new DynamicStructuredTool(fieldsOf(tool)));
}

/** A `DynamicStructuredTool`, as far as can be said without importing LangChain's types. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- assignable to LangChain's own tool types, in any of its versions
export type LangChainToolsetTool = any;

interface LangChainModule {
  readonly DynamicStructuredTool: new (fields: object) => LangChainToolsetTool;
}

function fieldsOf({ tool, description, call }: ToolsetTool): object {
  return {
    name: tool.name,
    description,
    schema: { ...tool.inputSchema, properties: tool.inputSchema.properties ?? {} },
    responseFormat: 'content_and_artifact',
    func: async (args: unknown, _runManager: unknown, config?: { signal?: AbortSignal }) => {
      const result = await call(args, config?.signal);
      return [contentOf(result), result];
    },
  };
}

/** The texts as text; with images among them, each part for itself. The whole result is the message's artifact. */
function contentOf(result: CallToolResult): unknown {
  if (!result.content.some(({ type }) => type === 'image')) return textOf(result);
  return result.content.map((part) => {
    if (part.type === 'image')
      return { type: 'image_url', image_url: { url: `data:${part.mimeType};base64,${part.data}` } };
    return { type: 'text', text: part.type === 'text' ? part.text : JSON.stringify(part) };
  });
}
