import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { defineCommand } from '../command.js';

export const configSchema = defineCommand({
  usage: ['claviger config schema'],
  summary: 'print the JSON Schema of the config file, for editors',
  details: [
    'With "$schema" in a config file an editor completes names and marks mistakes while you type. "claviger init" puts the ' +
      'schema beside a new config file. In a project that depends on claviger it is there already: ' +
      '"$schema": "./node_modules/claviger/dist/config-schema.json".',
  ],
  examples: [
    ['claviger config schema > claviger.config.schema.json', 'then "$schema": "./claviger.config.schema.json"'],
  ],
  options: {},
  async run({ terminal }) {
    terminal.streams.stdout.write(configSchemaText());
    return 0;
  },
});

/** The schema as it is shipped. */
export function configSchemaText(): string {
  return readFileSync(createRequire(import.meta.url).resolve('claviger/config-schema.json'), 'utf8');
}
