import type { ClientShape } from './client-shapes.js';
import type { Change } from './document/change.js';
import { pairOf } from './document/document-node.js';
import type { FoundKey } from './entry-keys.js';
import { LeftAsItIs, type KeyUse, type NameOf } from './entry-plan.js';
import type { Launcher } from './launcher-entry.js';
import { readBridge } from './mcp-remote.js';
import { olderTransport, remoteOf, type Remote } from './remote.js';
import { envAdditions } from './rewrite-entry.js';
import type { ServerEntry } from './server-entry.js';

/** A remote server whose key we put on its requests: `mcp connect`. */
interface ConnectPlan {
  readonly uses: readonly KeyUse[];
  changes(launcher: Launcher, nameOf: NameOf): readonly Change[];
}

/** What stands beside `url` and `headers` and is another way to log in. */
const otherLogins = ['headersHelper', 'oauth', 'auth', 'bearer_token_env_var', 'env_http_headers'];

/** An entry with an address. @throws LeftAsItIs */
export function planRemote(entry: ServerEntry, keys: readonly FoundKey[], shape: ClientShape): ConnectPlan {
  const { url, node, type } = entry;
  if (url === undefined) throw new LeftAsItIs('it has no address');
  const other = otherLogins.find((key) => pairOf(node, key) !== undefined);
  if (other !== undefined) throw new LeftAsItIs(`it logs in by ${other} too`);
  if (type === 'sse' || url.path.at(-1) === shape.sseUrl) throw new LeftAsItIs(olderTransport);
  const headers = entry.headers.map(({ path, value }) => ({ name: String(path.at(-1)), value }));
  const remote = remoteOf(url.value, headers, keys);
  return {
    uses: remote.uses,
    changes(launcher, nameOf) {
      const [key = 'url'] = url.path.map(String);
      const at = (...path: string[]) => [...entry.path, ...path];
      const args = connectArguments(launcher, remote, nameOf);
      const asList = shape.args === undefined;
      const value = asList ? [launcher.command, ...args] : launcher.command;
      const type: Change[] =
        pairOf(node, 'type') !== undefined
          ? [{ kind: 'set', path: at('type'), value: shape.stdioType ?? 'stdio' }]
          : shape.stdioType === undefined
            ? []
            : [{ kind: 'add', path: at(), after: shape.command, key: 'type', value: shape.stdioType }];
      return [
        { kind: 'rename', path: at(key), key: shape.command },
        { kind: 'set', path: at(shape.command), value },
        ...type,
        ...(asList
          ? []
          : [{ kind: 'add', path: at(), after: shape.command, key: shape.args ?? '', value: args } as const]),
        ...envAdditions(entry, shape, launcher.env),
        ...(pairOf(node, shape.headers) === undefined ? [] : [{ kind: 'remove', path: at(shape.headers) } as const]),
      ];
    },
  };
}

/** An entry that runs mcp-remote, which takes its key in an argument: we are the same bridge. @throws LeftAsItIs */
export function planBridge(entry: ServerEntry, keys: readonly FoundKey[], shape: ClientShape): ConnectPlan {
  const bridge = readBridge(entry);
  const remote = remoteOf(bridge.url, bridge.headers, keys);
  return {
    uses: remote.uses,
    changes(launcher, nameOf) {
      const args = connectArguments(launcher, remote, nameOf);
      const at = (...path: string[]) => [...entry.path, ...path];
      const list = shape.args ?? shape.command;
      const whole = shape.args === undefined ? [launcher.command, ...args] : args;
      const setCommand: Change[] =
        shape.args === undefined ? [] : [{ kind: 'set', path: at(shape.command), value: launcher.command }];
      return [
        ...setCommand,
        pairOf(entry.node, list) === undefined
          ? { kind: 'add', path: at(), after: shape.command, key: list, value: whole }
          : { kind: 'set', path: at(list), value: whole },
        ...envAdditions(entry, shape, launcher.env),
        ...bridge.variables.map((name): Change => ({ kind: 'remove', path: at(shape.env, name) })),
      ];
    },
  };
}

function connectArguments({ prefix, options }: Launcher, { url, uses: [first] }: Remote, nameOf: NameOf): string[] {
  if (first === undefined) throw new LeftAsItIs('no key is left to connect with');
  return [...prefix, 'mcp', 'connect', url, '--as', nameOf(first), ...options];
}
