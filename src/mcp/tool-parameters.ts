import { ClavigerError } from '../errors.js';
import { revealForProcess } from '../placement/process-value.js';
import type { Unit } from '../registry/admission.js';
import { use } from '../registry/use.js';
import { calledTool, setArguments } from './call-arguments.js';
import type { ParameterInjection } from './mcp-injections.js';
import { tellsOfRefusal } from './refused-answer.js';
import { hideInTools } from './tool-schema.js';

/** What a tool call needs of the connection it goes over. */
export interface CallContext {
  readonly signal: AbortSignal;
  /** Asks the server for all its tools and has {@link ToolParameters.learn} read each page. */
  readonly listTools: () => Promise<void>;
  /** Sends the call and waits for its answer. */
  readonly exchange: (line: Buffer) => Promise<Buffer>;
}

/** The credentials that go into arguments of tool calls, and what is known of the tools that take them. */
export class ToolParameters {
  readonly #parameters: readonly ParameterInjection[];
  readonly #declared = new Map<string, ReadonlySet<string>>();
  #onUnused: ((name: string) => void) | undefined;
  #isComplete = false;
  #listing: Promise<void> | undefined;

  /** @param onUnused Hears once of a parameter that no tool declares. */
  constructor(parameters: readonly ParameterInjection[], onUnused: (name: string) => void) {
    this.#parameters = parameters;
    this.#onUnused = onUnused;
  }

  /** Whether there is nothing to do. */
  get isEmpty(): boolean {
    return this.#parameters.length === 0;
  }

  /** The parameters that no tool seen so far declares. */
  undeclared(): string[] {
    const declared = new Set([...this.#declared.values()].flatMap((names) => [...names]));
    return this.#parameters.map(({ name }) => name).filter((name) => !declared.has(name));
  }

  /**
   * An answer to `tools/list` without the parameters.
   *
   * @throws ClavigerError `ERR_PLACEMENT_INVALID` if one can't be hidden
   */
  learn(line: Buffer): Buffer {
    const {
      declared,
      nextCursor,
      line: hidden,
    } = hideInTools(
      line,
      this.#parameters.map(({ name }) => name),
    );
    for (const [tool, names] of declared) this.#declared.set(tool, names);
    const [unused] = nextCursor === undefined ? this.undeclared() : [];
    if (unused !== undefined) {
      this.#onUnused?.(unused);
      this.#onUnused = undefined;
    }
    return hidden;
  }

  /** The server has other tools now, or is another one. */
  forget(): void {
    this.#declared.clear();
    this.#isComplete = false;
    this.#listing = undefined;
  }

  /** Makes a tool call with the arguments that its tool declares, and gives the answer. */
  async call(line: Buffer, context: CallContext): Promise<Buffer> {
    const tool = calledTool(line);
    if (tool === undefined) return context.exchange(line);
    if (!this.#declared.has(tool) && !this.#isComplete) await this.#listAll(context);
    const declared = this.#declared.get(tool);
    const wanted = this.#parameters.filter(({ name }) => declared?.has(name) === true);
    return wanted.length === 0 ? context.exchange(line) : inject(line, tool, wanted, { ...context, unit: new Map() });
  }

  /** Once for all calls that wait for it. */
  #listAll({ listTools }: CallContext): Promise<void> {
    const listing = (this.#listing ??= listTools().then(
      () => {
        if (this.#listing === listing) this.#isComplete = true;
      },
      (error: unknown) => {
        if (this.#listing === listing) this.#listing = undefined;
        throw error;
      },
    ));
    return listing;
  }
}

/** A parameter that nobody takes would be a key that nobody uses, in silence. */
export function undeclaredParameter(name: string): ClavigerError {
  const message = `no tool of this server declares the parameter "${name}", so the credential would never be used`;
  return new ClavigerError('ERR_PLACEMENT_INVALID', message);
}

/** One credential inside the use of the other, so that each is resolved, judged and audited as its own. */
function inject(
  line: Buffer,
  tool: string,
  wanted: readonly ParameterInjection[],
  context: CallContext & { readonly unit: Unit },
  values: ReadonlyMap<string, string> = new Map(),
): Promise<Buffer> {
  const [first, ...rest] = wanted;
  if (first === undefined) return context.exchange(setArguments(line, values));
  return use(first.auth, {
    surface: 'mcp',
    tool,
    signal: context.signal,
    unit: context.unit,
    place: ({ credential, provider }) => revealForProcess(credential.secret, provider.name),
    call: (value) => inject(line, tool, rest, context, new Map([...values, [first.name, value]])),
    isRejected: ({ result }) => result !== undefined && tellsOfRefusal(result),
    repeatable: () => false, // a tool may have done something before it was refused
    redact: false, // each line is redacted as it arrives
  });
}
