import { statSync } from 'node:fs';
import { join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment with the address of the user's session bus in it. MCP clients hand down neither that nor
 * `XDG_RUNTIME_DIR`; systemd puts the socket where it can be found without them.
 */
export function withSessionBus(env: Environment, socket = defaultSocket(env)): Environment {
  if (process.platform !== 'linux' || env['DBUS_SESSION_BUS_ADDRESS'] || socket === undefined) return env;
  try {
    const { uid } = statSync(socket);
    if (uid !== process.getuid?.() || !statSync(socket).isSocket()) return env;
  } catch {
    return env;
  }
  return { ...env, DBUS_SESSION_BUS_ADDRESS: `unix:path=${socket}` };
}

function defaultSocket(env: Environment): string | undefined {
  const user = process.getuid?.();
  if (user === undefined) return undefined;
  return join(env['XDG_RUNTIME_DIR'] || `/run/user/${user}`, 'bus');
}
