import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { homePath } from '../home-path.js';
import type { Check } from './check.js';

/** Whether what is used is written down, and can be. */
export const checkAudit: Check = {
  name: 'audit',
  run: async ({ loaded, context: { env } }) => {
    if (loaded?.file === undefined) return [];
    const { auditFile } = loaded;
    if (auditFile === undefined) {
      const fix = 'add "audit": { "file": "audit.jsonl" } to the config file';
      return [{ name: 'audit', status: 'warn', message: 'what is used is written down nowhere', fix }];
    }
    const shown = homePath(auditFile, env);
    try {
      const exists = (await stat(auditFile).catch(() => undefined)) !== undefined;
      await access(exists ? auditFile : dirname(auditFile), constants.W_OK);
      return [{ name: 'audit', status: 'ok', message: `what is used is written to ${shown}` }];
    } catch {
      return [
        {
          name: 'audit',
          status: 'fail',
          message: `${shown} can't be written`,
          fix: 'check its owner, its mode and its folder',
        },
      ];
    }
  },
};
