import { basename } from 'node:path';

/** What shells and sessions run or read when they start, in the home folder. */
export const shellFiles: readonly string[] = [
  ...['.bashrc', '.bash_profile', '.bash_login', '.bash_aliases', '.profile', '.kshrc', '.cshrc', '.tcshrc', '.login'],
  ...['.zshrc', '.zshenv', '.zprofile', '.zlogin', '.xprofile', '.pam_environment'],
];

export const powershellFiles: readonly string[] = [
  'profile.ps1',
  'Microsoft.PowerShell_profile.ps1',
  'Microsoft.VSCode_profile.ps1',
];

export const fishFiles: readonly string[] = ['config.fish', 'fish_variables'];

const known = new Set([...shellFiles, ...powershellFiles, ...fishFiles]);

/** Whether a file is made for settings, by its name: there a name and something random under it are no code. */
export function isSettingsFile(path: string): boolean {
  return isEnvFile(path) || known.has(basename(path));
}

/** Whether a file holds variables for programs to read. */
export function isEnvFile(path: string): boolean {
  return /^\.env(?:\.|$)|\.env$|^\.envrc$/.test(basename(path));
}
