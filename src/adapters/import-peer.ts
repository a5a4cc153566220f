import { ClavigerError, safeCause } from '../errors.js';

/**
 * A framework, which the user installs: an optional peer, loaded where types are not enough.
 *
 * @throws ClavigerError `ERR_DEPENDENCY_MISSING`, naming the package to install
 */
export async function importPeer<Module>(adapter: string, specifier: string): Promise<Module> {
  try {
    return (await import(specifier)) as Module;
  } catch (error) {
    const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
    const message = `claviger/adapters/${adapter} needs the package ${name}, which can't be loaded: npm install ${name}`;
    throw new ClavigerError('ERR_DEPENDENCY_MISSING', message, { cause: safeCause(error) });
  }
}
