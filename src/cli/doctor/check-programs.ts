import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Check, Finding } from './check.js';
import { forwardPrograms, insteadOfForward, type ForwardProgram } from './forward-programs.js';

/** Which programs of the PATH go through the broker in forward mode, and trust it. */
export const checkPrograms: Check = {
  name: 'forward',
  run: async ({ context: { env } }) => {
    const known = Object.entries(forwardPrograms(process.platform));
    return [
      ...known.filter(([name]) => isOnPath(name, env)).map(([name, program]) => findingOf(name, program)),
      ...environmentFindings(env),
    ];
  },
};

function findingOf(program: string, { trust, proxy, but }: ForwardProgram): Finding {
  const name = `forward:${program}`;
  if (but === undefined) return { name, status: 'ok', message: `honours ${proxy ?? ''} and ${trust ?? ''}` };
  const parts = [
    ...(proxy === undefined ? ['goes round the broker'] : [`honours ${proxy}`]),
    ...(proxy === undefined ? [] : [trust === undefined ? "distrusts the broker's certificate" : `honours ${trust}`]),
  ];
  return { name, status: 'warn', message: `${parts.join(' and ')}: ${but}`, fix: insteadOfForward };
}

/** What the user has set and a session replaces for its child. */
function environmentFindings(env: NodeJS.ProcessEnv): Finding[] {
  const replaced = ['NODE_OPTIONS', 'NO_PROXY', 'no_proxy', 'HTTPS_PROXY', 'https_proxy'].filter((name) => env[name]);
  if (replaced.length === 0) return [];
  const message = `${replaced.join(', ')}: set here, and replaced for a command that runs with --forward`;
  return [{ name: 'forward:environment', status: 'ok', message }];
}

function isOnPath(name: string, env: NodeJS.ProcessEnv): boolean {
  const suffixes = process.platform === 'win32' ? ['.exe', '.cmd', '.bat'] : [''];
  return (env['PATH'] ?? env['Path'] ?? '')
    .split(delimiter)
    .some((folder) => folder !== '' && suffixes.some((suffix) => isProgram(join(folder, name + suffix))));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
