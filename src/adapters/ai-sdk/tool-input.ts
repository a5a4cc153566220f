import { ClavigerError } from '../../errors.js';
import { hideParameter } from '../../tools/hide-parameter.js';
import { isStandardSchema, type StandardIssue, type StandardSchema } from '../../tools/standard-schema.js';
import { inputCheck, inputRefused, type InputCheck } from '../check-input.js';
import { cloneWith } from '../clone-with.js';
import type { ToolCredential } from '../tool-credential.js';
import { isSdkSchema, type SdkSchema, type SdkValidation } from './sdk-schema.js';
import { watchParse, type ParseWatch } from './watch-parse.js';

/** A tool's input: as the model sees it, and as the tool does. */
export interface ToolInput {
  /** The schema without the parameter, of the kind of the original. */
  readonly schema: unknown;
  /** What the model sent, before defaults and transforms; the parsed input where that is not known. */
  sent(parsed: unknown): unknown;
  /**
   * What the tool gets for a parsed input, once its own schema has seen what was sent together with the key.
   *
   * @param parsed what the SDK gives, which an application may have refined
   * @param placed what `sent` gave, with the key
   */
  complete(parsed: unknown, placed: Record<string, unknown>): Promise<unknown>;
}

/** @throws ClavigerError `ERR_PLACEMENT_INVALID` if the schema has no such parameter, or it can't be hidden */
export function toolInput(schema: unknown, credential: ToolCredential): ToolInput {
  return new Input(schema, credential);
}

/**
 * The SDK parses what a model sent by the hidden schema and gives the outcome to the tool. To ask the original one as well, what
 * was sent has to be known: parsing an outcome a second time would apply transforms twice.
 */
class Input implements ToolInput {
  readonly schema: unknown;
  readonly #credential: ToolCredential;
  readonly #sent = new WeakMap<object, unknown>();
  /** Whether the schema, without the key, gives what it was sent: it can't parse then. */
  #givesSent = false;
  #check: InputCheck | undefined;
  #checkHidden: ((input: unknown) => Promise<boolean>) | undefined;

  constructor(schema: unknown, credential: ToolCredential) {
    this.#credential = credential;
    this.schema = this.#hide(schema);
  }

  sent(parsed: unknown): unknown {
    return this.#isKnown(parsed) ? this.#sent.get(parsed) : parsed;
  }

  async complete(parsed: unknown, placed: Record<string, unknown>): Promise<unknown> {
    const { parameter } = this.#credential;
    const output = await this.#checked(parsed, placed);
    const isParsed = this.#isKnown(parsed) ? this.sent(parsed) !== parsed : !this.#givesSent;
    if (!isParsed || !isObject(output) || !Object.hasOwn(output, parameter)) return output;
    // what an application refined counts, not what the model sent
    return { ...(parsed as object | undefined), [parameter]: output[parameter] };
  }

  async #checked(parsed: unknown, placed: Record<string, unknown>): Promise<unknown> {
    if (this.#check === undefined) return placed;
    try {
      return await this.#check(placed);
    } catch (error) {
      if (this.#isKnown(parsed) || error instanceof ClavigerError || (await this.#checkHidden?.(parsed)) !== false)
        throw error;
      return placed; // a transform made of it what the schema itself would not take
    }
  }

  #isKnown(parsed: unknown): parsed is object {
    return isObject(parsed) && this.#sent.has(parsed);
  }

  #hide(schema: unknown): unknown {
    const { parameter } = this.#credential;
    if (isSdkSchema(schema)) return this.#hideInSdkSchema(schema);
    if (isStandardSchema(schema)) return this.#hideInLibrary(schema);
    if (typeof schema !== 'function') return hideParameter(schema as object, parameter); // which says what is wrong
    let hidden: unknown;
    return () => (hidden ??= this.#hide((schema as () => unknown)()));
  }

  #hideInLibrary(schema: StandardSchema): unknown {
    const hidden: StandardSchema = hideParameter(schema, this.#credential.parameter);
    this.#check = inputCheck(schema, this.#credential);
    this.#checkHidden = async (input) => (await hidden['~standard'].validate(input)).issues === undefined;
    return watchParse(hidden, this.#watch);
  }

  /** JSON Schema, which may come later, and a function that validates, which has to be asked without the key. */
  #hideInSdkSchema(schema: SdkSchema): SdkSchema {
    const { parameter } = this.#credential;
    const hide = (jsonSchema: object): object => hideParameter(jsonSchema, parameter);
    const given = schema.jsonSchema;
    const validate = schema.validate?.bind(schema);
    if (validate !== undefined) this.#check = async (input) => this.#settled(await validate(input));
    return cloneWith(schema, {
      jsonSchema: isPromiseLike(given) ? later(given, hide) : hide(given),
      validate: async (value: unknown): Promise<SdkValidation> => {
        const sent = this.#watch.before(value);
        const result = await this.#validateSent(sent, validate);
        if (result.success) this.#watch.after(sent, result.value);
        return result;
      },
    });
  }

  async #validateSent(sent: unknown, validate: SdkSchema['validate']): Promise<SdkValidation> {
    const result = await validate?.(sent);
    if (result === undefined) return { success: true, value: sent };
    if (result.success) return { success: true, value: this.#credential.without(result.value) };
    const others = issuesOf(result.error)?.filter(
      ({ path }) => path?.length !== 1 || path[0] !== this.#credential.parameter,
    );
    if (others === undefined || others.length === 0) return { success: true, value: sent }; // asked again with the key
    return { success: false, error: inputRefused(others, this.#credential) };
  }

  #settled(result: SdkValidation): unknown {
    if (result.success) return result.value;
    const issues = issuesOf(result.error);
    throw issues === undefined ? result.error : inputRefused(issues, this.#credential);
  }

  readonly #watch: ParseWatch = {
    before: (value) => this.#credential.without(value),
    after: (sent, parsed) => {
      this.#givesSent = parsed === sent;
      if (isObject(parsed)) this.#sent.set(parsed, sent);
    },
  };
}

/** Those of zod's errors and their like, which the SDK wraps. */
function issuesOf(error: Error): readonly StandardIssue[] | undefined {
  for (const { issues } of [error, error.cause ?? {}] as { issues?: unknown }[]) {
    if (Array.isArray(issues)) return issues as StandardIssue[];
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Who reads the schema hears what is wrong with it; nobody may. */
function later(given: PromiseLike<object>, hide: (schema: object) => object): Promise<object> {
  const hidden = Promise.resolve(given).then(hide);
  hidden.catch(() => undefined);
  return hidden;
}

function isPromiseLike(value: object): value is PromiseLike<object> {
  return typeof (value as { then?: unknown }).then === 'function';
}
