import type { Surface } from '../audit/event.js';
import type { Credential } from '../credential.js';
import { applyToArguments } from '../placement/apply-to-arguments.js';
import { applyToEnvironment } from '../placement/apply-to-environment.js';
import type { ProcessPlacement } from '../placement/placement.js';
import type { Redactor } from '../redaction/redactor.js';
import type { Unit } from '../registry/admission.js';
import { coreOf, type RegistryCore } from '../registry/registry-contract.js';
import { use } from '../registry/use.js';
import type { Environment } from './child-environment.js';
import { isBrokered, processPlacementOf, type Injection } from './injection.js';
import { createSecretFile, type SecretFile } from './secret-file.js';

/** What a child is started with, and what must be known to watch it. */
export interface PreparedInjections extends AsyncDisposable {
  readonly environment: Readonly<Record<string, string>>;
  /** The arguments of the command with the injected ones behind them. */
  readonly args: readonly string[];
  readonly files: readonly { readonly injection: Injection; readonly file: SecretFile }[];
  /** One for each injection, in their order; none where the child has a placeholder. */
  readonly credentials: readonly (Credential | undefined)[];
  /** What must not outlive us. */
  readonly directories: readonly string[];
  /** Of every registry that took part. */
  readonly redactors: readonly Redactor[];
  /** Removes the files, and ends what placeholders were good for. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface PrepareOptions {
  readonly args: readonly string[];
  readonly surface: Surface;
  readonly signal?: AbortSignal | undefined;
  /** What the child has of its environment before: some of ours is added to a value of its own, or goes into it. */
  readonly environment?: Environment;
}

/**
 * Fetches the credential of every injection and puts it where the child will find it. Nothing is left behind when one
 * of them fails.
 */
export async function prepareInjections(
  injections: readonly Injection[],
  options: PrepareOptions,
): Promise<PreparedInjections> {
  const environment = Object.create(null) as Record<string, string>; // a variable may be called __proto__
  const files: { injection: Injection; file: SecretFile }[] = [];
  const [values, brokered] = [injections.filter((each) => !isBrokered(each)), injections.filter(isBrokered)];
  const unit: Unit = new Map(); // one start, whatever it is given
  const granted = await Promise.all(values.map((injection) => grantFor(injection, options, unit)));
  const broker = brokered.length === 0 ? undefined : await openBroker(brokered, options);
  let args = broker?.args ?? options.args;
  const dispose = async () => {
    await Promise.all([broker?.close(), ...files.map(({ file }) => file.dispose())]);
  };
  Object.assign(environment, broker?.environment);
  try {
    for (const [index, { credential, placement }] of granted.entries()) {
      const { secret, provider } = credential;
      if (placement.in === 'argument') args = applyToArguments(args, placement, secret, provider);
      if (placement.in === 'env') {
        const inherited = Object.entries(options.environment ?? {}).find(([each]) => each === placement.name)?.[1];
        const [name, value] = applyToEnvironment(placement, secret, provider, inherited);
        environment[name] = value;
      }
      if (placement.in === 'file') {
        const file = await createSecretFile(secret, provider);
        files.push({ injection: values[index] as Injection, file });
        environment[placement.name] = file.path;
      }
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    environment,
    args,
    files,
    credentials: injections.map((injection) => granted[values.indexOf(injection)]?.credential),
    directories: [...files.map(({ file }) => file.directory), ...(broker?.directories ?? [])],
    redactors: (await coresOf(injections)).map(({ redactor }) => redactor),
    [Symbol.asyncDispose]: dispose,
  };
}

/** Loaded where a child has placeholders only: it brings an HTTP server and client. */
async function openBroker(brokered: readonly Injection[], { args, environment = {} }: PrepareOptions) {
  const { openBrokered } = await import('./broker-injections.js');
  return openBrokered(brokered, args, environment);
}

/** All registries that injections draw from, each once. */
export async function coresOf(injections: readonly Injection[]): Promise<RegistryCore[]> {
  const registries = await Promise.all(injections.map(async ({ auth }) => auth.registry()));
  return [...new Set(registries.map(coreOf))];
}

function grantFor(
  injection: Injection,
  { surface, signal }: PrepareOptions,
  unit: Unit,
): Promise<{ credential: Credential; placement: ProcessPlacement }> {
  return use(injection.auth, {
    surface,
    signal,
    unit,
    place: ({ credential, provider }) => ({ credential, placement: processPlacementOf(injection, provider) }),
    call: (granted) => granted,
    isRejected: () => false,
    repeatable: () => false,
    redact: false,
  });
}
