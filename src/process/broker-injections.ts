import { OpenBroker } from '../broker/create-broker.js';
import type { Grantee } from '../broker/grantee.js';
import { applyToArguments } from '../placement/apply-to-arguments.js';
import { applyToEnvironment } from '../placement/apply-to-environment.js';
import { fillTemplate } from '../placement/process-template.js';
import { createAuth } from '../registry/auth.js';
import type { Auth } from '../registry/registry-contract.js';
import { Secret } from '../secret.js';
import type { Environment } from './child-environment.js';
import { processPlacementOf, type Injection } from './injection.js';
import { createSecretFile, type SecretFile } from './secret-file.js';

/** What a child is given instead of its credentials, and the broker that knows what for. */
export interface BrokeredInjections {
  readonly environment: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly files: readonly SecretFile[];
  /** What must not outlive us. */
  readonly directories: readonly string[];
  /** Ends the session of the child. */
  close(): Promise<void>;
}

/**
 * Starts a broker for one child and places its placeholders. Whose credentials they stand for is decided here: later
 * nobody is there to ask.
 */
export async function openBrokered(
  injections: readonly Injection[],
  args: readonly string[],
  inherited: Environment,
): Promise<BrokeredInjections> {
  const broker = await OpenBroker.start({});
  const files: SecretFile[] = [];
  const close = async () => {
    await broker.close();
    await Promise.all(files.map((file) => file.dispose()));
  };
  try {
    const session = await broker.openSession(injections.map(({ auth }) => pinned(auth)));
    const environment = Object.create(null) as Record<string, string>;
    if (injections.some(({ via }) => via === 'forward')) {
      const proxy = session.environment();
      Object.assign(environment, proxy, withInherited('NODE_OPTIONS', proxy, inherited));
    }
    let given = args;
    for (const [index, injection] of injections.entries()) {
      const grantee = session.granteeAt(index);
      const placed = await place(injection, grantee, given);
      Object.assign(environment, placed.environment);
      given = placed.args;
      if (placed.file !== undefined) files.push(placed.file);
      const { baseUrl } = injection;
      if (baseUrl === undefined) continue;
      const url = session.baseUrlOf(grantee, baseUrl.path);
      if (baseUrl.env !== undefined) environment[baseUrl.env] = url;
      if (baseUrl.argument !== undefined) given = [...given, fillTemplate(baseUrl.argument, url)];
    }
    const directories = [...files.map(({ directory }) => directory), ...session.directories];
    return { environment, args: given, files, directories, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What the child would have had of a variable stays in force. */
function withInherited(name: string, ours: Environment, inherited: Environment): Record<string, string> {
  const [own, theirs] = [ours[name], inherited[name]];
  return own === undefined || theirs === undefined || theirs === '' ? {} : { [name]: `${theirs} ${own}` };
}

/** The same for whoever it is for at this moment. */
function pinned(auth: Auth): Auth {
  const { providerName, consumer, account } = auth;
  const who = typeof consumer === 'function' ? consumer() : consumer;
  const whose = typeof account === 'function' ? account() : account;
  return createAuth(providerName, () => auth.registry(), {
    ...(who === undefined ? {} : { consumer: who }),
    ...(whose === undefined ? {} : { account: whose }),
  });
}

async function place(
  injection: Injection,
  { provider, placeholder }: Grantee,
  args: readonly string[],
): Promise<{ environment: Record<string, string>; args: readonly string[]; file?: SecretFile }> {
  const placement = processPlacementOf(injection, provider);
  const standIn = Secret.from(placeholder);
  if (placement.in === 'argument') {
    return { environment: {}, args: applyToArguments(args, placement, standIn, provider.name) };
  }
  if (placement.in === 'env') {
    return { environment: Object.fromEntries([applyToEnvironment(placement, standIn, provider.name)]), args };
  }
  const file = await createSecretFile(standIn, provider.name);
  return { environment: { [placement.name]: file.path }, args, file };
}
