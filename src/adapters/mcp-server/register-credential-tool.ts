import { ClavigerError } from '../../errors.js';
import { isRefusedResult } from '../../mcp/refused-answer.js';
import { statusOf } from '../../internal/status-of.js';
import type { ParameterPlacement } from '../../placement/placement.js';
import type { Redactor } from '../../redaction/redactor.js';
import { assertAuth } from '../../registry/auth.js';
import type { Auth } from '../../registry/registry-contract.js';
import { use, type Outcome } from '../../registry/use.js';
import { placeParameter } from '../../tools/place-parameter.js';
import { divideSchema, type DividedSchema } from '../divided-schema.js';
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

export interface CredentialToolOptions<Context = unknown, Name extends string = string> {
  /** Which credential; a function is asked at each call, with what the server knows of the request (`authInfo`). */
  auth: Auth | ((context: Context) => Auth);
  /** The argument that the credential becomes. */
  into: Name | ParameterPlacement<Name>;
  /** Whether the upstream refused the credential; sees the unredacted outcome. Default: status 401, or a result that tells of one. */
  isRejected?: (outcome: { result?: unknown; error?: unknown }) => boolean;
  /** Whether a call may be repeated once with a newer credential; default: unless the tool is annotated as not idempotent. */
  idempotent?: boolean;
  /** Whether results, errors and what is sent during a call are redacted; default true. */
  redact?: boolean;
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
  options: CredentialToolOptions<ContextOf<S>, Name>,
): RegisteredOf<S> {
  const tool = new CredentialTool(name, config, callback as Callback, options as CredentialToolOptions);
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
  readonly #options: CredentialToolOptions;
  readonly #into: string;
  readonly #idempotent: boolean;
  #name: string;
  #schema: DividedSchema;
  #callback: Callback;

  constructor(name: string, config: Config, callback: Callback, options: CredentialToolOptions) {
    if (typeof options.auth !== 'function') assertAuth(options.auth);
    this.#options = options;
    this.#into = parameterOf(options.into);
    this.#idempotent = options.idempotent ?? config.annotations?.idempotentHint !== false;
    this.#name = name;
    this.#schema = divideSchema(inputOf(config.inputSchema), this.#into);
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
    if (paramsSchema !== undefined) this.#schema = divideSchema(paramsSchema, this.#into);
    if (callback !== undefined) this.#callback = callback;
    if (typeof name === 'string') this.#name = name;
    if (paramsSchema === undefined && callback === undefined) return updates;
    const shown = paramsSchema === undefined ? {} : { paramsSchema: this.#schema.shown };
    return { ...updates, ...shown, callback: this.handler };
  }

  #call({ accept }: DividedSchema, callback: Callback, args: Record<string, unknown>, context: unknown): unknown {
    const { auth, isRejected = isRefused, redact = true } = this.#options;
    return use(typeof auth === 'function' ? authFor(auth, context) : auth, {
      surface: 'mcp',
      tool: this.#name,
      signal: signalOf(context),
      place: ({ credential, redactor }) => {
        const [placed] = placeParameter([args], this.#into, credential.secret.reveal());
        return { args: placed as Record<string, unknown>, redactor };
      },
      call: async (placed: { args: Record<string, unknown>; redactor: Redactor }) => {
        const accepted = await accept(placed.args);
        if (!redact) return callback(accepted, context);
        const result = await callback(accepted, redactedContext(context, placed.redactor));
        return redactBinaries(result, placed.redactor);
      },
      isRejected,
      repeatable: () => this.#idempotent,
      redact,
    });
  }
}

function authFor(ask: (context: unknown) => Auth, context: unknown): Auth {
  const auth = ask(context);
  assertAuth(auth);
  return auth;
}

function parameterOf(into: string | ParameterPlacement): string {
  const name = typeof into === 'string' ? into : (into as Partial<ParameterPlacement> | undefined)?.name;
  const isParameter = typeof into === 'string' || (into as Partial<ParameterPlacement> | undefined)?.in === 'parameter';
  if (isParameter && typeof name === 'string') return name;
  const message = 'a tool can take a credential in a named argument only: into: "apiKey"';
  throw new ClavigerError('ERR_PLACEMENT_INVALID', message);
}

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
