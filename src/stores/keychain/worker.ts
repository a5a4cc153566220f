import type { KeychainCall, KeychainReply } from './call.js';

/** Where this module is, whatever a bundler made of the modules that import it. */
export const workerUrl = import.meta.url;

interface Keytar {
  getPassword(service: string, account: string): Promise<string | null>;
  setPassword(service: string, account: string, password: string): Promise<void>;
  deletePassword(service: string, account: string): Promise<boolean>;
}

/** The argument with which this module is started as a process; importing it does nothing. */
export const SERVE = 'serve-keychain';

if (process.argv[2] === SERVE && process.send !== undefined) serve();

/** Does one call after another for the process that started us, and ends with it. */
function serve(): void {
  const keytar = load();
  process.on('message', (call: KeychainCall) => {
    void keytar.then((loaded) => answer(loaded, call)).then((reply) => process.send?.(reply));
  });
  process.on('disconnect', () => process.exit());
}

async function load(): Promise<Keytar | KeychainReply> {
  try {
    const module = (await import('keytar')) as unknown as Keytar & { default?: Keytar };
    return module.default ?? module;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { missing: code === 'ERR_MODULE_NOT_FOUND' ? 'package' : 'library' };
  }
}

async function answer(keytar: Keytar | KeychainReply, call: KeychainCall): Promise<KeychainReply> {
  if (!('getPassword' in keytar)) return keytar;
  const { operation, service, account, text = '' } = call;
  try {
    switch (operation) {
      case 'get':
        return { text: await keytar.getPassword(service, account) };
      case 'set':
        await keytar.setPassword(service, account, text);
        return {};
      case 'delete':
        return { deleted: await keytar.deletePassword(service, account) };
    }
  } catch (error) {
    return { failure: kindOf((error as Error).message) };
  }
}

/** The messages of the systems are looked at here and go no further. */
function kindOf(message: string): 'locked' | 'denied' | 'unavailable' {
  if (/locked|interaction is not allowed|dismissed/i.test(message)) return 'locked';
  if (/cancel|denied|not authorized|access/i.test(message)) return 'denied';
  return 'unavailable';
}
