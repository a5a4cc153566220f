import { chmod, lstat, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { clavigerHome } from '../../internal/home.js';
import { homePath } from '../home-path.js';
import type { Check, Finding, Patient } from './check.js';

/** What others may not do with a path of ours. */
interface Rule {
  readonly path: string;
  /** The bits that must not be set. */
  readonly forbidden: number;
  readonly isPrivate: boolean;
}

/** Whether the files of claviger are their user's alone. Modes are mended; an owner is not. */
export const checkPermissions: Check = {
  name: 'permissions',
  run: async (patient) => {
    const user = process.getuid?.();
    if (user === undefined) return [];
    const found = await Promise.all((await rulesFor(patient)).map((rule) => judge(rule, user, patient.context.env)));
    const findings = found.filter((finding) => finding !== undefined);
    return findings.length > 0
      ? findings
      : [{ name: 'permissions', status: 'ok', message: 'the files of claviger are yours alone' }];
  },
};

async function rulesFor({ context: { env }, file, loaded }: Patient): Promise<Rule[]> {
  const home = clavigerHome(env);
  const names = await readdir(home).catch(() => []);
  const ours = names.filter((name) => /\.(claviger|key|bak|json|jsonl)$/.test(name));
  const writable = file === undefined ? [] : [file.path, ...(file.found === 'user' ? [dirname(file.path)] : [])];
  const audit = loaded?.auditFile === undefined ? [] : [loaded.auditFile];
  return [
    ...[home, ...ours.map((name) => join(home, name)), ...audit].map((path) => ({
      path,
      forbidden: 0o077,
      isPrivate: true,
    })),
    ...writable.map((path) => ({ path, forbidden: 0o022, isPrivate: false })),
  ];
}

async function judge(
  { path, forbidden, isPrivate }: Rule,
  user: number,
  env: NodeJS.ProcessEnv,
): Promise<Finding | undefined> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined || stats.isSymbolicLink() || !(stats.isFile() || stats.isDirectory())) return undefined;
  const name = 'permissions';
  const shown = homePath(path, env);
  if (stats.uid !== user) {
    return {
      name,
      status: 'fail',
      message: `${shown} belongs to another user`,
      fix: `look at it, then: chown ${user} ${shown}`,
    };
  }
  const mode = stats.mode & 0o777;
  if ((mode & forbidden) === 0) return undefined;
  const wanted = mode & ~forbidden;
  const what = isPrivate ? 'can be read or written by others' : 'can be written by others';
  return {
    name,
    status: 'fail',
    message: `${shown} ${what} (mode ${mode.toString(8)})`,
    fix: `chmod ${wanted.toString(8)} ${shown}`,
    mend: async () => {
      await chmod(path, wanted);
      return `mode of ${shown} is now ${wanted.toString(8)}`;
    },
  };
}
