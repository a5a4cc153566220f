import { z } from 'zod';
import * as ai from '../../src/adapters/ai-sdk.js';
import * as langchain from '../../src/adapters/langchain.js';
import * as agents from '../../src/adapters/openai-agents.js';
import { header, parameter, type Auth } from '../../src/index.js';
import type { Toolset } from '../../src/mcp/index.js';

declare const auth: Auth;
declare const toolset: Toolset;
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const assert = <T extends true>(): T | undefined => undefined;

const schema = z.object({ city: z.string(), days: z.number().optional(), apiKey: z.string() });
type Input = z.output<typeof schema>;
interface Sky {
  sky: string;
}

// the AI SDK: everything that speaks of the input loses the parameter, the rest stays
interface SdkTool {
  title?: string;
  inputSchema: typeof schema;
  inputExamples?: { input: Input }[];
  needsApproval?: boolean | ((input: Input, options: { toolCallId: string }) => boolean);
  toModelOutput?: (options: { input: Input; output: Sky }) => string;
  execute: (input: Input, options: { abortSignal?: AbortSignal }) => Promise<Sky>;
}
declare const sdkTool: SdkTool;
const sdk = ai.withCredentialTool(sdkTool, { auth, into: 'apiKey' });
void sdk.execute({ city: 'Ulm' }, {});
assert<Equal<Awaited<ReturnType<typeof sdk.execute>>, Sky>>();
assert<Equal<typeof sdk.title, string | undefined>>();
sdk.toModelOutput?.({ input: { city: 'Ulm', days: 2 }, output: { sky: 'clear' } });
// @ts-expect-error -- the parameter is gone
void sdk.execute({ city: 'Ulm', apiKey: 'x' }, {});
// @ts-expect-error -- and the others keep their types
void sdk.execute({ city: 1 }, {});
// @ts-expect-error -- the parameter is gone from hooks
sdk.toModelOutput?.({ input: { city: 'Ulm', apiKey: 'x' }, output: { sky: 'clear' } });
const parsed = sdk.inputSchema['~standard'].types?.output;
assert<Equal<keyof NonNullable<typeof parsed>, 'city' | 'days'>>();
void ai.withCredentialTool(sdkTool, { auth, into: parameter('apiKey'), idempotent: false, isRejected: () => false });
// @ts-expect-error -- a tool takes a key in a parameter only
void ai.withCredentialTool(sdkTool, { auth, into: header('x-api-key') });
// @ts-expect-error -- a position is nothing that a tool has
void ai.withCredentialTool(sdkTool, { auth, into: 1 });
// @ts-expect-error -- an auth is needed
void ai.withCredentialTool(sdkTool, { into: 'apiKey' });

// the OpenAI Agents SDK: a tool is spoken to in JSON, so its type stays
interface AgentsTool {
  type: 'function';
  name: string;
  parameters: object;
  invoke: (context: { user: string }, input: string, details?: { signal?: AbortSignal }) => Promise<string>;
}
declare const agentsTool: AgentsTool;
const agent = agents.withCredentialTool(agentsTool, { auth, into: 'apiKey' });
assert<Equal<typeof agent, AgentsTool>>();
// @ts-expect-error -- no function tool
void agents.withCredentialTool({ type: 'hosted_tool', name: 'x' }, { auth, into: 'apiKey' });

// LangChain: input and schema lose the parameter
interface Message {
  tool_call_id: string;
  content: string;
}
interface StructuredTool {
  name: string;
  schema: typeof schema;
  invoke(input: Input | langchain.LangChainToolCall, config?: { signal?: AbortSignal }): Promise<string | Message>;
  batch(inputs: Input[]): Promise<string[]>;
}
declare const structured: StructuredTool;
const chained = langchain.withCredentialTool(structured, { auth, into: 'apiKey' });
assert<Equal<keyof typeof chained.schema.shape, 'city' | 'days'>>();
assert<Equal<Awaited<ReturnType<typeof chained.invoke<{ city: string }>>>, string>>();
const message = chained.invoke({ type: 'tool_call', id: '1', name: 'weather', args: {} }, {});
assert<Equal<Awaited<typeof message>, Message>>();
// @ts-expect-error -- a required argument stays required
void chained.invoke({ days: 1 });
// @ts-expect-error -- no schema
void langchain.withCredentialTool({ name: 'x' }, { auth, into: 'apiKey' });

// each of them takes a toolset
assert<Equal<Awaited<ReturnType<typeof ai.toolsFrom>>, ai.AiToolset>>();
assert<Equal<Awaited<ReturnType<typeof agents.toolsFrom>>, agents.AgentsFunctionTool[]>>();
void langchain.toolsFrom(toolset, { timeoutMs: 1000 });
// @ts-expect-error -- no toolset
void ai.toolsFrom([]);
