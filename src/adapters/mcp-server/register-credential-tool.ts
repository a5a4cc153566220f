import { ClavigerError } from '../../errors.js';
import { statusOf } from '../../internal/status-of.js';
import { isRefusedResult } from '../../mcp/refused-answer.js';
import type { Auth } from '../../registry/registry-contract.js';
import type { Outcome } from '../../registry/use.js';
import { divideSchema, type DividedSchema } from '../divided-schema.js';
import { toolCredential, type CredentialToolOptions, type ToolCredential } from '../tool-credential.js';
import { redactedContext } from './redacted-context.js';
import { redactBinaries } from './redacted-result.js';
import type {
  ArgumentsOf,
  ContextOf,
  CredentialToolConfig,
  ParameterName,
  RegisteredOf,
  ToolInput,
  ToolResult,
  ToolServer,
} from './tool-server.js';

/** How a tool of one's own MCP server gets its credential. */
export interface ServerToolOptions<Context = unknown, Name extends string = string> extends Omit<
  CredentialToolOptions<Name>,
  'auth'
> {
  /** Which credential; a function is asked at each call, with what the server knows of the request (`authInfo`). */
  auth: Auth | ((context: Context) => Auth);
}

/**
 * Registers a tool of one's own MCP server, one of whose arguments is a credential: clients see a tool without it. Takes the
 * `McpServer` of `@modelcontextprotocol/sdk` and of `@modelcontextprotocol/server`.
 *
 * - Whatever a client sends under the argument's name is dropped. What it sends otherwise is checked before a credential is
 *   fetched; the callback gets arguments that the whole original schema has parsed.
 * - Results (`structuredContent`, images and resources too), errors, and what the callback sends through its context are redacted.
 * - The registered tool can be updated as any other: another `paramsSchema` must declare the argument again.
 *
 * @throws ClavigerError `ERR_PLACEMENT_INVALID` if the schema declares no such argument or it can't be hidden
 *
 * @example
 * registerCredentialTool(
 *   server,
 *   'get_user',
 *   { description: 'Looks a user up', inputSchema: { id: z.number(), apiKey: z.string() } },
 *   async ({ id, apiKey }) => ({ content: [{ type: 'text', text: await lookUp(id, apiKey) }] }),
 *   { auth: apiKeyAuth({ providerName: 'users-api' }), into: 'apiKey' },
 * );
 */
export function registerCredentialTool<
  S extends ToolServer,
  Input extends ToolInput,
  Name extends ParameterName<NoInfer<Input>>,
>(
  server: S,
  name: string,
  config: CredentialToolConfig<Input>,
  callback: (args: ArgumentsOf<Input>, context: ContextOf<S>) => ToolResult | Promise<ToolResult>,
  options: ServerToolOptions<ContextOf<S>, Name>,
): RegisteredOf<S> {
  const tool = new CredentialTool(name, config, callback as Callback, options as ServerToolOptions);
  const registered = (server as unknown as Registering).registerTool(name, tool.config, tool.handler);
  const update = registered.update.bind(registered);
  registered.update = (updates) => update(tool.updated(updates));
  return registered as RegisteredOf<S>;
}

type Callback = (args: Record<string, unknown>, context: unknown) => unknown;

interface Config {
  readonly inputSchema: object;
  readonly annotations?: { readonly idempotentHint?: boolean | undefined };
}

interface Updates {
  readonly name?: string | null;
  readonly paramsSchema?: object;
  readonly callback?: Callback;
}

interface Registering {
  registerTool(name: string, config: object, callback: Callback): { update: (updates: Updates) => void };
}

/** A tool's name, schema and callback as they are now. */
class CredentialTool {
  readonly config: Config;
  readonly #credential: (context: unknown) => ToolCredential;
  readonly #checked: { readonly parameter: string; readonly providerName: string };
  #name: string;
  #schema: DividedSchema;
  #callback: Callback;

  constructor(name: string, config: Config, callback: Callback, options: ServerToolOptions) {
    const { auth } = options;
    const idempotent = options.idempotent ?? config.annotations?.idempotentHint !== false;
    const credentialOf = (given: Auth): ToolCredential => toolCredential({ ...options, idempotent, auth: given });
    const fixed = credentialOf(typeof auth === 'function' ? perRequest : auth);
    this.#credential = typeof auth === 'function' ? (context) => credentialOf(auth(context)) : () => fixed;
    this.#checked = fixed;
    this.#name = name;
    this.#schema = divideSchema(inputOf(config.inputSchema), this.#checked);
    this.#callback = callback;
    this.config = { ...config, inputSchema: this.#schema.shown };
  }

  get handler(): Callback {
    const [schema, callback] = [this.#schema, this.#callback];
    return (args, context) => this.#call(schema, callback, args, context);
  }

  /** What the registered tool is to be updated with. Nothing changes if a new schema does not do. */
  updated(updates: Updates): Updates {
    const { name, paramsSchema, callback } = updates;
    if (paramsSchema !== undefined) this.#schema = divideSchema(paramsSchema, this.#checked);
    if (callback !== undefined) this.#callback = callback;
    if (typeof name === 'string') this.#name = name;
    if (paramsSchema === undefined && callback === undefined) return updates;
    const shown = paramsSchema === undefined ? {} : { paramsSchema: this.#schema.shown };
    return { ...updates, ...shown, callback: this.handler };
  }

  async #call(
    { accept }: DividedSchema,
    callback: Callback,
    args: Record<string, unknown>,
    context: unknown,
  ): Promise<unknown> {
    const credential = this.#credential(context);
    return credential.use({
      tool: this.#name,
      args,
      signal: signalOf(context),
      isRejected: isRefused,
      call: async (placed) => {
        const accepted = (await accept(placed)) as Record<string, unknown>;
        const redactor = await credential.redactor();
        if (redactor === undefined) return callback(accepted, context);
        return redactBinaries(await callback(accepted, redactedContext(context, redactor)), redactor);
      },
    });
  }
}

/** Stands for an auth that is not known before there is a request. */
const perRequest: Auth = {
  providerName: 'of the request',
  registry: () => {
    throw new ClavigerError('ERR_CONFIG_INVALID', 'no auth was given for this request');
  },
};

function inputOf(schema: object | undefined): object {
  if (typeof schema === 'object' || typeof schema === 'function') return schema;
  throw new ClavigerError('ERR_PLACEMENT_INVALID', 'a tool without an inputSchema has no argument for a credential');
}

/** Where the SDK's versions have it. */
function signalOf(context: unknown): AbortSignal | undefined {
  const { signal, mcpReq } = (context ?? {}) as { signal?: AbortSignal; mcpReq?: { signal?: AbortSignal } };
  return signal ?? mcpReq?.signal;
}

function isRefused({ result, error }: Outcome<unknown>): boolean {
  return statusOf(error ?? result) === 401 || (result !== undefined && isRefusedResult(result));
}
