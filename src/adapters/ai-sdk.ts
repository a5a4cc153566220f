import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { ClavigerError } from '../errors.js';
import type { RequestLimits, Toolset } from '../mcp/toolset.js';
import { isAsyncGeneratorFunction, iterateLater } from '../tools/iterate-later.js';
import type { AiTool, AiToolset, CredentialTool } from './ai-sdk/tool-types.js';
import { sdkSchema } from './ai-sdk/sdk-schema.js';
import { toolInput } from './ai-sdk/tool-input.js';
import { cloneWith } from './clone-with.js';
import { toolCredential, type CredentialToolOptions } from './tool-credential.js';
import { textOf, toolsetTools } from './toolset-tools.js';

export type { AiTool, AiToolset, CredentialTool } from './ai-sdk/tool-types.js';
export type { CredentialToolOptions } from './tool-credential.js';

interface ExecuteOptions {
  readonly abortSignal?: AbortSignal;
}

type Execute = (input: unknown, options: ExecuteOptions | undefined) => unknown;

/**
 * A tool of the AI SDK (`ai` 6 and 7) whose key comes from a provider. The model sees the schema without the parameter; `execute`
 * gets it, after the tool's own schema has checked the whole. Messages, steps, callbacks and telemetry never see it, and results
 * and errors lose it.
 *
 * - What else the tool has (`toModelOutput`, `needsApproval`, `onInputAvailable`, …) works on the input without the parameter.
 * - An `async function*` still gives its preliminary results. A function that returns another async iterable gives the last one.
 *
 * @throws ClavigerError `ERR_PLACEMENT_INVALID`, `ERR_CONFIG_INVALID` at once, for tools and options that can't work
 *
 * @example
 * const weather = withCredentialTool(
 *   tool({
 *     inputSchema: z.object({ city: z.string(), apiKey: z.string() }),
 *     execute: async ({ city, apiKey }) => fetchWeather(city, apiKey),
 *   }),
 *   { auth: apiKeyAuth({ providerName: 'weather' }), into: 'apiKey' },
 * );
 */
export function withCredentialTool<T extends AiTool, const N extends string>(
  tool: T,
  options: CredentialToolOptions<N>,
): CredentialTool<T, N> {
  const { execute: own } = tool as { execute?: unknown };
  if (typeof own !== 'function') {
    throw new ClavigerError(
      'ERR_CONFIG_INVALID',
      'withCredentialTool takes a tool with execute: a key goes nowhere else',
    );
  }
  const credential = toolCredential(options);
  const input = toolInput(tool.inputSchema, credential);
  const run: Execute = (parsed, given) =>
    credential.use({
      args: credential.without(input.sent(parsed)),
      signal: given?.abortSignal,
      call: async (placed) => (own as Execute).call(tool, await input.complete(parsed, placed), given),
    });
  const execute: Execute = isAsyncGeneratorFunction(own)
    ? (parsed, given) => iterateLater(() => run(parsed, given) as Promise<AsyncGenerator>)
    : async (parsed, given) => lastOf(await run(parsed, given));
  const { inputExamples } = tool as { inputExamples?: readonly { input: unknown }[] };
  const examples = inputExamples?.map((example) => ({ ...example, input: credential.without(example.input) }));
  return cloneWith<AiTool>(tool, {
    inputSchema: input.schema,
    execute,
    ...(examples === undefined ? {} : { inputExamples: examples }),
  }) as CredentialTool<T, N>;
}

/**
 * The tools of an MCP toolset, for `tools` of `generateText`, `streamText` and agents: those it has now, by their names. A tool
 * that says that it failed rejects with its text.
 *
 * @throws what `listTools` throws
 *
 * @example
 * const { text } = await generateText({ model, prompt, tools: await toolsFrom(toolset) });
 */
export async function toolsFrom(toolset: Toolset, limits?: RequestLimits): Promise<AiToolset> {
  const tools = await toolsetTools(toolset, limits);
  return Object.fromEntries(
    tools.map(({ tool, description, call }) => [
      tool.name,
      {
        type: 'dynamic' as const,
        description,
        inputSchema: sdkSchema({ ...tool.inputSchema, properties: tool.inputSchema.properties ?? {} }),
        execute: (args: unknown, given?: ExecuteOptions) => call(args, given?.abortSignal),
        toModelOutput: ({ output }: { output: unknown }) => modelOutput(output as CallToolResult),
      },
    ]),
  );
}

/** The texts as text; with images or sound among them, each part for itself. */
function modelOutput(result: CallToolResult): object {
  if (!result.content.some(isMedia)) return { type: 'text', value: textOf(result) };
  const value = result.content.map((part) => {
    if (isMedia(part)) return { type: 'file-data', data: part.data, mediaType: part.mimeType };
    return { type: 'text', text: part.type === 'text' ? part.text : JSON.stringify(part) };
  });
  return { type: 'content', value };
}

type Part = CallToolResult['content'][number];

function isMedia(part: Part): part is Extract<Part, { type: 'image' | 'audio' }> {
  return part.type === 'image' || part.type === 'audio';
}

async function lastOf(result: unknown): Promise<unknown> {
  if (typeof result !== 'object' || result === null || !(Symbol.asyncIterator in result)) return result;
  let last: unknown;
  for await (const part of result as AsyncIterable<unknown>) last = part;
  return last;
}
