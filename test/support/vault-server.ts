import type { ServerResponse } from 'node:http';
import { startServer, type Received, type TestServer } from './http-server.js';

interface Version {
  data: unknown;
  created_time: string;
  deletion_time: string;
  destroyed: boolean;
}

/** A stand-in for the HTTP API of Vault, written from its public documentation: KV v2, tokens, AppRole, Kubernetes. */
export interface VaultServer extends TestServer {
  /** Mounted engines, each with its secrets by path. */
  readonly mounts: Map<string, Map<string, Version[]>>;
  /** Good tokens, each with the time at which its lease ends. */
  readonly tokens: Map<string, number>;
  readonly appRoles: Map<string, string>;
  readonly jwts: Map<string, string>;
  readonly root: string;
  sealed: boolean;
  leaseSeconds: number;
  renewable: boolean;
  now: () => number;
  logins: number;
  renewals: number;
  /** Answers in the place of Vault, when it returns true. */
  fault: ((request: Received, response: ServerResponse) => boolean) | undefined;
}

type Answer = readonly [status: number, body: unknown];

const nothing: Answer = [404, { errors: [] }];
const denied: Answer = [403, { errors: ['permission denied'] }];

export async function startVault(): Promise<VaultServer> {
  const state = {
    mounts: new Map<string, Map<string, Version[]>>([
      ['secret', new Map()],
      ['team/kv', new Map()],
    ]),
    tokens: new Map([['root-token-of-the-stand-in', Infinity]]),
    appRoles: new Map<string, string>(),
    jwts: new Map<string, string>(),
    root: 'root-token-of-the-stand-in',
    sealed: false,
    leaseSeconds: 3600,
    renewable: true,
    now: Date.now,
    logins: 0,
    renewals: 0,
    fault: undefined as VaultServer['fault'],
  };
  const server = await startServer((request, response) => {
    if (vault.fault?.(request, response)) return;
    const [status, body] = answer(vault, request);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  });
  const vault: VaultServer = Object.assign(state, server);
  return vault;
}

function answer(vault: VaultServer, request: Received): Answer {
  const url = new URL(request.url, vault.origin);
  const path = decodeURIComponent(url.pathname).replace(/^\/v1\//, '');
  if (path === 'sys/health') return [vault.sealed ? 503 : 200, { initialized: true, sealed: vault.sealed }];
  if (vault.sealed) return [503, { errors: ['Vault is sealed'] }];
  const body = request.body.length === 0 ? {} : (JSON.parse(request.body.toString()) as Record<string, any>);
  const login = /^auth\/(.+)\/login$/.exec(path)?.[1];
  if (login !== undefined) return logIn(vault, login, body);
  const token = request.headers['x-vault-token'];
  if (token === undefined) return [400, { errors: ['missing client token'] }];
  if (!((vault.tokens.get(String(token)) ?? 0) > vault.now())) return denied;
  if (path === 'auth/token/lookup-self') return [200, { data: { id: token } }];
  if (path === 'auth/token/renew-self') return renew(vault, String(token));
  for (const [mount, secrets] of vault.mounts) {
    const [, engine, name = ''] =
      new RegExp(`^${mount}/(data|metadata|delete|destroy|undelete)/?(.*)$`, 's').exec(path) ?? [];
    if (engine !== undefined) return keyValue(vault, secrets, engine, name, request.method, url, body);
  }
  return [404, { errors: [`no handler for route "${path}". route entry not found.`] }];
}

function logIn(vault: VaultServer, mount: string, body: Record<string, any>): Answer {
  const isRole = mount.startsWith('approle');
  if (isRole && vault.appRoles.get(body['role_id']) !== body['secret_id']) {
    return [400, { errors: ['invalid role or secret ID'] }];
  }
  if (!isRole && (body['jwt'] === undefined || vault.jwts.get(body['role']) !== body['jwt'])) return denied;
  const token = `hvs.login-${++vault.logins}-${Math.random().toString(36).slice(2)}`;
  return lease(vault, token);
}

function renew(vault: VaultServer, token: string): Answer {
  if (!vault.renewable) return [400, { errors: ['lease is not renewable'] }];
  vault.renewals += 1;
  return lease(vault, token);
}

function lease(vault: VaultServer, token: string): Answer {
  vault.tokens.set(token, vault.now() + vault.leaseSeconds * 1000);
  return [200, { auth: { client_token: token, lease_duration: vault.leaseSeconds, renewable: vault.renewable } }];
}

function keyValue(
  vault: VaultServer,
  secrets: Map<string, Version[]>,
  engine: string,
  name: string,
  method: string,
  url: URL,
  body: Record<string, any>,
): Answer {
  if (method === 'LIST' || (method === 'GET' && url.searchParams.get('list') === 'true')) return list(secrets, name);
  const versions = secrets.get(name);
  const time = new Date(vault.now()).toISOString();
  if (engine === 'data' && method === 'GET') return read(versions, Number(url.searchParams.get('version') ?? 0));
  if (engine === 'data' && (method === 'POST' || method === 'PUT')) {
    const cas = body['options']?.cas as number | undefined;
    if (cas !== undefined && cas !== (versions?.length ?? 0)) {
      return [400, { errors: ['check-and-set parameter did not match the current version'] }];
    }
    const made = { data: body['data'], created_time: time, deletion_time: '', destroyed: false };
    secrets.set(name, [...(versions ?? []), made]);
    return [200, { data: metadata(made, (versions?.length ?? 0) + 1) }];
  }
  if (engine === 'data' && method === 'DELETE') {
    const last = versions?.at(-1);
    if (last !== undefined) last.deletion_time = time;
    return [204, undefined];
  }
  if (engine === 'destroy') {
    for (const number of body['versions'] as number[]) {
      const version = versions?.[number - 1];
      if (version !== undefined) Object.assign(version, { destroyed: true, data: null });
    }
    return [204, undefined];
  }
  if (engine === 'metadata' && method === 'DELETE') {
    secrets.delete(name);
    return [204, undefined];
  }
  if (engine === 'metadata' && method === 'GET') {
    return versions === undefined ? nothing : [200, { data: { current_version: versions.length } }];
  }
  return [405, { errors: ['unsupported operation'] }];
}

function read(versions: Version[] | undefined, wanted: number): Answer {
  const number = wanted === 0 ? (versions?.length ?? 0) : wanted;
  const version = versions?.[number - 1];
  if (version === undefined) return nothing;
  const isGone = version.deletion_time !== '' || version.destroyed;
  return [isGone ? 404 : 200, { data: { data: isGone ? null : version.data, metadata: metadata(version, number) } }];
}

function list(secrets: Map<string, Version[]>, folder: string): Answer {
  const prefix = folder === '' || folder.endsWith('/') ? folder : `${folder}/`;
  const below = [...secrets.keys()].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  const keys = new Set(below.map((name) => (name.includes('/') ? name.slice(0, name.indexOf('/') + 1) : name)));
  return keys.size === 0 ? nothing : [200, { data: { keys: [...keys].sort() } }];
}

function metadata({ created_time, deletion_time, destroyed }: Version, version: number) {
  return { created_time, deletion_time, destroyed, version, custom_metadata: null };
}
