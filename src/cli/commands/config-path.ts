import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { discoverConfig, userConfigPath } from '../../index.js';
import { defineCommand } from '../command.js';
import { isTrusted, sha256Of } from '../trust-records.js';

export const configPath = defineCommand({
  usage: ['claviger config path'],
  summary: 'tell which config file is used here',
  details: [
    '--config, then CLAVIGER_CONFIG, then the nearest claviger.config.json up to the root of the repository, then your own.',
  ],
  examples: [['claviger config path --json', 'with how it was found and whether it is trusted']],
  options: {},
  async run({ terminal, env, cwd, configFile, json }) {
    const file = discoverConfig({ configFile, cwd, env }) ?? { path: userConfigPath(env), found: 'user' as const };
    const exists = existsSync(file.path);
    const trusted =
      file.found !== 'project' ||
      (await isTrusted(env, { path: file.path, sha256: sha256Of(await readFile(file.path, 'utf8')) }));
    if (json) terminal.answerJson({ path: file.path, found: file.found, exists, trusted });
    else terminal.answer(file.path);
    if (!exists) terminal.note('note: there is no such file yet');
    if (!trusted)
      terminal.note('note: it came with this project and is not trusted: read it, then run "claviger trust"');
    return 0;
  },
});
