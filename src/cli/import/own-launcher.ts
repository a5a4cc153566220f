import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { userConfigPath } from '../../index.js';
import { clavigerHome } from '../../internal/home.js';
import type { Launcher } from '../../mcp-clients/launcher-entry.js';
import type { Context } from '../context.js';

/** Unlocks a store where nobody can be asked; paths, no secrets. */
const unlocking = ['CLAVIGER_MASTER_FILE', 'CLAVIGER_PHRASE_FILE'];

/** What a client gives its servers to find their user by. */
const ofClients = ['HOME', 'USERPROFILE', 'APPDATA', 'LOCALAPPDATA'];

/**
 * How rewritten entries start this very program: clients have a short PATH and a short environment, and run in any folder,
 * so everything is said in full. A portable one leaves out what is the same on every machine.
 */
export function ownLauncher({ env, cwd }: Context, configPath: string, portable: boolean): Launcher {
  const short = Object.fromEntries(ofClients.map((name) => [name, env[name]]));
  const home = clavigerHome(env);
  const isUsual = configPath === userConfigPath(short);
  const options = portable && isUsual ? [] : ['--config', configPath];
  const told = unlocking.flatMap((name) => (env[name] ? [[name, resolve(cwd, env[name])] as const] : []));
  const ownHome = home === clavigerHome(short) ? [] : [['CLAVIGER_HOME', home] as const];
  const common = { options, env: Object.fromEntries([...ownHome, ...told]) };
  if (portable) return { command: 'npx', prefix: ['-y', 'claviger'], ...common };
  return { command: process.execPath, prefix: [realpathSync(process.argv[1] ?? '')], ...common };
}

/** What may keep it from starting one day. */
export function launcherWarnings({ prefix, command }: Launcher): string[] {
  const [program = ''] = prefix;
  if (/[\\/]_npx[\\/]/.test(program)) {
    return ["these entries start claviger from npx's cache, which is cleared: install it, or use --portable"];
  }
  const spaced = /\s/.test(program) ? program : undefined;
  if (spaced === undefined || command === 'npx') return [];
  return [`some clients split arguments at blanks, and there is one in ${spaced}`];
}
