import { describe, test } from 'vitest';
import { envStore } from '../../src/stores/env.js';
import { testStore } from '../../src/testing/index.js';

testStore(
  'envStore',
  async () => {
    const env: Record<string, string> = { PATH: '/bin', MYAPP_: 'not a name' };
    const variable = (name: string) => `MYAPP_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
    return { store: envStore({ prefix: 'MYAPP_', env }), seed: (name, value) => void (env[variable(name)] = value) };
  },
  { describe, test, readOnly: true },
);
