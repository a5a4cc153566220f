import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findClavigerError } from '../../errors.js';
import { userConfigPath } from '../../index.js';
import { writeFileAtomic } from '../../internal/atomic-write.js';
import { configSchemaText } from '../commands/config-schema.js';
import { homePath } from '../home-path.js';
import type { Check, Finding, Patient } from './check.js';

const name = 'config';

/** Whether the config file is there, can be read, and is trusted. Trust is for a person to give: it is never mended. */
export const checkConfig: Check = {
  name,
  run: async (patient) => [...(await fileFindings(patient)), ...(await schemaFindings(patient))],
};

async function fileFindings({ context: { env }, file, loaded, configError }: Patient): Promise<Finding[]> {
  if (file === undefined) {
    const message = `there is no config file yet: ${homePath(userConfigPath(env), env)}`;
    return [{ name, status: 'warn', message, fix: 'claviger init' }];
  }
  const path = homePath(file.path, env);
  if (loaded === undefined) {
    const own = findClavigerError(configError);
    if (own?.code === 'ERR_CONFIG_UNTRUSTED') {
      const message = `${path} came with this project and is not trusted as it is: nothing of it is used`;
      return [{ name, status: 'fail', message, fix: 'read it, then run: claviger trust' }];
    }
    const message = own?.message ?? (configError as Error).message;
    return [{ name, status: 'fail', message, fix: `mend ${path}; claviger config schema tells an editor how` }];
  }
  const { providers } = loaded.options;
  const count = `${providers.length} ${providers.length === 1 ? 'provider' : 'providers'}`;
  const trusted = file.found === 'project' ? ', trusted' : '';
  return [
    providers.length === 0
      ? {
          name,
          status: 'warn',
          message: `${path} defines no provider`,
          fix: 'claviger add github, or another of claviger providers',
        }
      : { name, status: 'ok', message: `${path} (${count}${trusted})` },
  ];
}

/** The schema that `init` has put beside the file, as of an earlier version of claviger. */
async function schemaFindings({ context: { env }, file, loaded }: Patient): Promise<Finding[]> {
  if (file === undefined || loaded === undefined) return [];
  const path = join(dirname(file.path), 'claviger.config.schema.json');
  const written = await readFile(path, 'utf8').catch(() => undefined);
  const shipped = configSchemaText();
  if (written === undefined || written === shipped) return [];
  return [
    {
      name: 'config:schema',
      status: 'warn',
      message: `${homePath(path, env)} is that of another version: an editor may mark what is right`,
      fix: 'claviger doctor --fix, or claviger config schema',
      mend: async () => {
        await writeFileAtomic(path, shipped, { mode: 0o644 });
        return 'wrote the schema of this version';
      },
    },
  ];
}
