import { ClavigerError, safeCause } from '../../errors.js';

/**
 * An official client, which the user installs: an optional peer, loaded at the first use.
 *
 * @throws {@link ClavigerError} `ERR_DEPENDENCY_MISSING`
 */
export async function importPeer<Module>(kind: string, name: string): Promise<Module> {
  try {
    return (await import(name)) as Module;
  } catch (error) {
    const message = `${kind} store: it needs the package ${name}, which can't be loaded: npm install ${name}`;
    throw new ClavigerError('ERR_DEPENDENCY_MISSING', message, { store: kind, cause: safeCause(error) });
  }
}
