import { usageError } from '../command-error.js';
import { defineCommand } from '../command.js';
import { shells } from '../completion/scripts.js';

export const completion = defineCommand({
  usage: ['claviger completion <bash | zsh | fish | powershell>'],
  summary: 'print the script with which a shell completes claviger',
  details: [
    'It completes commands, options, and the names of providers and keys; never a value. It asks nobody: keys in a store ' +
      "under a passphrase, and a project's config file that is not trusted, are left out.",
  ],
  examples: [
    ['source <(claviger completion bash)', 'in ~/.bashrc'],
    ['source <(claviger completion zsh)', 'in ~/.zshrc, after compinit'],
    ['claviger completion fish > ~/.config/fish/completions/claviger.fish', 'once'],
    ['claviger completion powershell | Out-String | Invoke-Expression', 'in $PROFILE'],
  ],
  options: {},
  arguments: [1, 1],
  async run({ terminal }, { positionals: [shell = ''] }) {
    const script = Object.hasOwn(shells, shell) ? shells[shell] : undefined;
    if (script === undefined) throw usageError(`it takes one of ${Object.keys(shells).join(', ')}`);
    terminal.streams.stdout.write(script);
    return 0;
  },
});
