import { ClavigerError } from '../errors.js';
import { checkPlacement } from '../placement/check-placement.js';
import { parameter, type ParameterPlacement, type Placement } from '../placement/placement.js';
import type { Redactor } from '../redaction/redactor.js';
import { assertAuth } from '../registry/auth.js';
import type { Auth } from '../registry/registry-contract.js';
import { use } from '../registry/use.js';
import { withoutKey } from '../tools/keep-identity.js';
import { placeParameter } from '../tools/place-parameter.js';

/** How a tool of a framework gets its credential. */
export interface CredentialToolOptions<N extends string = string> {
  auth: Auth;
  /** The parameter that takes the key. The model does not see it, and what it sends by that name is dropped. */
  into: N | ParameterPlacement<N>;
  /** Whether the upstream refused the credential; sees the unredacted outcome. Default: status 401. */
  isRejected?: (outcome: { result?: unknown; error?: unknown }) => boolean;
  /** Whether the call may be repeated once with a newer credential; default true. */
  idempotent?: boolean;
  /** Whether results and errors are redacted; default true. */
  redact?: boolean;
}

/** One call of a tool, in whatever framework. */
export interface ToolCall<R> {
  /** For the audit, where the framework tells. */
  readonly tool?: string | undefined;
  /** What the model sent: an object, or nothing. */
  readonly args: unknown;
  readonly signal?: AbortSignal | undefined;
  /** Where a framework shows a refusal in its own way; the options' own `isRejected` goes before it. */
  readonly isRejected?: ((outcome: { result?: unknown; error?: unknown }) => boolean) | undefined;
  /** Asked after a refusal; default true. */
  readonly isRepeatable?: (() => boolean) | undefined;
  /** Runs the framework's own tool with a copy of the arguments that has the key in it. */
  readonly call: (args: Record<string, unknown>) => R | PromiseLike<R>;
}

/** The credential of one tool: what every adapter does alike. */
export interface ToolCredential {
  /** The parameter's name. */
  readonly parameter: string;
  readonly providerName: string;
  /** What the model sent, without a value of its own for the parameter. */
  without(args: unknown): unknown;
  /**
   * The path of one credential (`use`): found, admitted, fetched, placed, refreshed after a refusal, redacted out of result and
   * error, audited. Rejects before `call` where there is none to be had.
   */
  use<R>(call: ToolCall<R>): Promise<R>;
  /** Knows every value that the tool may have been given; undefined where nothing is to be redacted. */
  redactor(): Promise<Redactor | undefined>;
}

/** @throws ClavigerError `ERR_CONFIG_INVALID`, `ERR_PLACEMENT_INVALID` for options that can't work */
export function toolCredential(options: CredentialToolOptions): ToolCredential {
  const { auth, isRejected, idempotent = true, redact = true } = options;
  assertAuth(auth);
  const name = nameOf(options.into);
  return {
    parameter: name,
    providerName: auth.providerName,
    without: (args) => (isObject(args) ? withoutKey(args, name) : args),
    use: ({ tool, args, signal, call, isRepeatable, ...more }) =>
      use(auth, {
        surface: 'function',
        tool,
        signal,
        redact,
        isRejected: isRejected ?? more.isRejected,
        repeatable: () => idempotent && isRepeatable?.() !== false,
        place: ({ credential }) =>
          placeParameter([args ?? undefined], name, credential.secret.reveal())[0] as Record<string, unknown>,
        call,
      }),
    redactor: async () => (redact ? (await auth.registry()).redactor : undefined),
  };
}

/** A tool's arguments are one object: nothing but a property of it can take the key. */
function nameOf(into: unknown): string {
  const placement = typeof into === 'string' ? parameter(into) : (into as Placement);
  checkPlacement(placement);
  if (placement.in === 'parameter' && typeof placement.name === 'string') return placement.name;
  const what =
    'a tool takes a credential in a parameter: name it in `into`. For a request of its own, use createFetch in it';
  throw new ClavigerError('ERR_PLACEMENT_INVALID', what);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
