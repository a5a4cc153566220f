import { resolve } from 'node:path';
import {
  consumerFile,
  createAccess,
  defaultStatePath,
  fileState,
  type Access,
  type Consumer,
} from '../access/index.js';
import type { LoadedConfig } from '../index.js';
import { exitCodes, CommandError } from './command-error.js';
import type { OptionSpecs } from './command.js';
import { openConfig } from './configuration.js';
import type { Context } from './context.js';

/** The rules of the config file with their state; without any in the file, what `access apply` has put into the state. */
export async function openAccess(context: Context): Promise<{ access: Access; isEnforced: boolean }> {
  const { options }: LoadedConfig = await openConfig(context);
  if (options.access !== undefined) return { access: options.access, isEnforced: true };
  return { access: createAccess({ state: fileState(defaultStatePath(context.env)) }), isEnforced: false };
}

/** Said where rules are changed that nothing enforces. */
export function noteUnenforced({ terminal }: Context, isEnforced: boolean): void {
  if (isEnforced) return;
  terminal.note('note: the config file has no "access", so nothing is enforced yet: add "access": {} to it');
}

/** Who uses the credentials of a command: never from its arguments. */
export const consumerOption = {
  'consumer-file': {
    type: 'string',
    value: 'FILE',
    help: 'a private file with the consumer key or access token; default: CLAVIGER_CONSUMER_FILE',
  },
} as const satisfies OptionSpecs;

/** What `auth` takes: the file is read at each use. Nothing where no file is named. */
export function consumerOf(
  { env, cwd }: Pick<Context, 'env' | 'cwd'>,
  values: { readonly 'consumer-file': string | undefined },
): { consumer?: () => Consumer } {
  const path = values['consumer-file'] ?? env['CLAVIGER_CONSUMER_FILE'];
  return path === undefined || path === '' ? {} : { consumer: consumerFile(resolve(cwd, path)) };
}

/** Nothing of that name is there. */
export function notThere(what: string, hint: string): CommandError {
  return new CommandError(`${what} is not there${hint}: see claviger access ls`, {
    exitCode: exitCodes.notFound,
    code: 'ERR_NOT_FOUND',
  });
}
