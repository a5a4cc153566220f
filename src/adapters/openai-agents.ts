import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { ClavigerError } from '../errors.js';
import { statusOf } from '../internal/status-of.js';
import type { RequestLimits, Toolset } from '../mcp/toolset.js';
import { hideParameter } from '../tools/hide-parameter.js';
import { cloneWith } from './clone-with.js';
import { redactCurrentSpan } from './openai-agents/current-span.js';
import type { AgentsFunctionTool, AgentsTool, CallDetails, CustomDataContext } from './openai-agents/tool-types.js';
import { toolCredential, type CredentialToolOptions, type ToolCall, type ToolCredential } from './tool-credential.js';
import { textOf, toolsetTools, type ToolsetTool } from './toolset-tools.js';

export type { AgentsFunctionTool, AgentsTool } from './openai-agents/tool-types.js';
export type { CredentialToolOptions } from './tool-credential.js';

/**
 * A function tool of the OpenAI Agents SDK (`@openai/agents`) whose key comes from a provider. The model sees the schema without
 * the parameter; the tool's own parser, which checks the whole, gets it. Neither the run's state and items nor its traces ever see
 * it, and results and errors lose it.
 *
 * - Approval, guardrails, `isEnabled` and time limits stay the tool's own; they see the arguments as the model sent them.
 * - A tool hides its errors from us behind a text for the model, unless it has `errorFunction: null`. A text of the SDK's that
 *   speaks of a 401 is a refused credential; after one that says nothing the store is asked for a newer key, for the next call.
 *   For texts of your own pass `isRejected`.
 * - The SDK itself can print arguments and results: it does with `OPENAI_AGENTS_DONT_LOG_TOOL_DATA=0` and `DEBUG=openai-agents:*`.
 *
 * @throws ClavigerError `ERR_PLACEMENT_INVALID`, `ERR_CONFIG_INVALID` at once, for tools and options that can't work
 *
 * @example
 * const weather = withCredentialTool(
 *   tool({
 *     name: 'weather',
 *     description: 'The weather in a city',
 *     parameters: z.object({ city: z.string(), apiKey: z.string() }),
 *     execute: async ({ city, apiKey }) => fetchWeather(city, apiKey),
 *   }),
 *   { auth: apiKeyAuth({ providerName: 'weather' }), into: 'apiKey' },
 * );
 */
export function withCredentialTool<T extends AgentsTool>(tool: T, options: CredentialToolOptions): T {
  if ((tool as { type?: unknown }).type !== 'function' || typeof (tool as Partial<T>).invoke !== 'function') {
    throw new ClavigerError('ERR_CONFIG_INVALID', 'withCredentialTool takes a function tool, as tool() makes it');
  }
  const credential = toolCredential(options);
  const { customDataExtractor } = tool;
  return cloneWith(tool, {
    parameters: hideParameter(tool.parameters as object, credential.parameter),
    invoke: invoker(tool, credential),
    ...(customDataExtractor === undefined
      ? {}
      : { customDataExtractor: (context: CustomDataContext) => extract(tool, context, credential) }),
  });
}

function invoker(tool: AgentsTool, credential: ToolCredential): AgentsTool['invoke'] {
  return (context: unknown, input: string, details?: CallDetails) => {
    const args = argumentsOf(input);
    if (args === undefined) return tool.invoke(context, input, details); // which says what is wrong with it
    return credential.use({
      tool: tool.name,
      args: credential.without(args),
      signal: details?.signal,
      ...createRefusal(),
      call: async (placed) => {
        try {
          return (await tool.invoke(context, JSON.stringify(placed), details)) as unknown;
        } finally {
          await redactCurrentSpan(credential);
        }
      },
    });
  };
}

/** Undefined for what is not JSON of an object. A model that has nothing to say may say nothing. */
function argumentsOf(input: string): unknown {
  if (input.trim() === '') return {};
  try {
    const args: unknown = JSON.parse(input);
    return typeof args === 'object' && args !== null && !Array.isArray(args) ? args : undefined;
  } catch {
    return undefined;
  }
}

/** What is attached to the run's item, and so to its state: the SDK gives it the parsed arguments, with the key. */
async function extract(tool: AgentsTool, context: CustomDataContext, credential: ToolCredential): Promise<unknown> {
  const redactor = await credential.redactor();
  const input = credential.without(context.input);
  const data: unknown = await tool.customDataExtractor?.({ ...context, input: redactor?.value(input) ?? input });
  return redactor === undefined ? data : redactor.value(data);
}

/** What the SDK's tools tell the model of an error; the older ones with the error's own text behind it. */
const failure = 'An error occurred while running the tool. Please try again.';
const saysRefused = /\b401\b|\bunauthori[sz]ed\b/i;

/**
 * Whether a call was refused, as far as can be told. After a failure of which nothing is known the key may be the reason: then a
 * newer one is looked for, but the call is not repeated, as it may have had its effect.
 */
function createRefusal(): Pick<ToolCall<unknown>, 'isRejected' | 'isRepeatable'> {
  let isClear = true;
  return {
    isRejected({ result, error }) {
      if (typeof result !== 'string' || !result.startsWith(failure)) return statusOf(error ?? result) === 401;
      isClear = result.length > failure.length;
      return !isClear || saysRefused.test(result.slice(failure.length));
    },
    isRepeatable: () => isClear,
  };
}

/**
 * The tools of an MCP toolset as function tools: those it has now. What fails is told to the model, as by the SDK's own tools.
 *
 * @throws what `listTools` throws
 *
 * @example
 * const agent = new Agent({ name: 'assistant', tools: await toolsFrom(toolset) });
 */
export async function toolsFrom(toolset: Toolset, limits?: RequestLimits): Promise<AgentsFunctionTool[]> {
  const tools = await toolsetTools(toolset, limits);
  return tools.map(functionTool);
}

function functionTool({ tool, description, call }: ToolsetTool): AgentsFunctionTool {
  return {
    type: 'function',
    name: tool.name,
    description,
    parameters: { ...tool.inputSchema, properties: tool.inputSchema.properties ?? {} },
    strict: false,
    deferLoading: false,
    needsApproval: () => Promise.resolve(false),
    isEnabled: () => Promise.resolve(true),
    invoke: async (_context, input, details) => {
      const args = argumentsOf(input);
      if (args === undefined) return `${failure} Error: the input is not a JSON object`;
      try {
        return outputOf(await call(args, details?.signal));
      } catch (error) {
        if (details?.signal?.aborted === true) throw error;
        return `${failure} Error: ${String(error)}`;
      }
    },
  };
}

/** The texts as text; with images among them, each part for itself. */
function outputOf(result: CallToolResult): unknown {
  if (!result.content.some(({ type }) => type === 'image')) return textOf(result);
  return result.content.map((part) => {
    if (part.type === 'image') return { type: 'image', image: { data: part.data, mediaType: part.mimeType } };
    return { type: 'text', text: part.type === 'text' ? part.text : JSON.stringify(part) };
  });
}
