import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { Agent } from 'undici';
import { ClavigerError } from '../errors.js';
import { isReachable, unreachable } from './reachable.js';

/** What undici's Agent takes, but for what could lead a connection elsewhere or past the certificate. */
export type UpstreamOptions = Omit<Agent.Options, 'connect' | 'factory' | 'interceptors' | 'socketPath' | 'tls'> & {
  connect?: Omit<ConnectionOptions, 'checkServerIdentity' | 'host' | 'path' | 'port' | 'servername' | 'socket'> & {
    /** Milliseconds. */
    timeout?: number;
  };
};

/**
 * An Agent of our own: it verifies certificates whatever `NODE_TLS_REJECT_UNAUTHORIZED` says, and connects to no
 * link-local or unspecified address, whatever a name resolves to.
 *
 * @throws ClavigerError `ERR_CONFIG_INVALID` for options that would undo that.
 */
export function createUpstream({ connect = {}, ...options }: UpstreamOptions = {}): Agent {
  refuse(options, ['factory', 'interceptors', 'socketPath', 'tls']);
  if (typeof connect !== 'object') throw notAllowed('connect as a function');
  refuse(connect, ['socketPath', 'path', 'checkServerIdentity', 'socket', 'host', 'servername']);
  if (connect.rejectUnauthorized === false) throw notAllowed('rejectUnauthorized');
  const lookup = guarded(connect.lookup ?? systemLookup);
  return new Agent({ ...options, connect: { ...connect, rejectUnauthorized: true, lookup } });
}

function guarded(lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, options, (error, found, family) => {
      if (error !== null) {
        callback(error, found, family);
        return;
      }
      const addresses: LookupAddress[] = typeof found === 'string' ? [{ address: found, family: family ?? 0 }] : found;
      const allowed = addresses.filter(({ address }) => isReachable(address));
      const [first] = allowed;
      if (first === undefined && addresses.length > 0) callback(unreachable(hostname, 'resolves to'), '', 0);
      else if (typeof found === 'string') callback(null, found, family);
      else callback(null, allowed);
    });
  };
}

function refuse(options: object, names: readonly string[]): void {
  for (const name of names) {
    if ((options as Record<string, unknown>)[name] !== undefined) throw notAllowed(name);
  }
}

function notAllowed(name: string): ClavigerError {
  const message = `${name} is not allowed here: it could lead a credential elsewhere than its destinations say`;
  return new ClavigerError('ERR_CONFIG_INVALID', message);
}
