import type { Check } from './check.js';

/** As `engines` of the package says: `^20.19 || >=22.12`. */
function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;
}

export const checkNode: Check = {
  name: 'node',
  run: async ({ context: { env } }) => {
    const { node } = process.versions;
    const trustsAll = env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0';
    return [
      isSupported(node)
        ? { name: 'node', status: 'ok', message: `Node ${node}` }
        : {
            name: 'node',
            status: 'fail',
            message: `Node ${node} is too old`,
            fix: 'install Node 20.19, 22.12 or later',
          },
      ...(trustsAll
        ? ([
            {
              name: 'node:tls',
              status: 'warn',
              message:
                'NODE_TLS_REJECT_UNAUTHORIZED=0: programs that you start trust any certificate; claviger does not',
              fix: 'unset NODE_TLS_REJECT_UNAUTHORIZED',
            },
          ] as const)
        : []),
    ];
  },
};
