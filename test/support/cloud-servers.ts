import { randomBytes, randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { startServer, type Received, type TestServer } from './http-server.js';

interface Version {
  readonly id: string;
  readonly value: string;
}

/** What a stand-in keeps: the versions of each secret, the newest last. */
export type Kept = Map<string, Version[]>;

/** A stand-in for one cloud's HTTP API, written from its public documentation. */
export interface CloudServer extends TestServer {
  readonly kept: Kept;
  put(name: string, value: string): void;
}

type Answer = readonly [status: number, body: unknown];
type Engine = { newId: (count: number) => string; answer: (kept: Kept, request: Received) => Answer };

export async function startCloud({ newId, answer }: Engine): Promise<CloudServer> {
  const kept: Kept = new Map();
  const server = await startServer((request, response) => send(response, answer(kept, request)));
  const put = (name: string, value: string) => {
    const versions = kept.get(name) ?? [];
    kept.set(name, [...versions, { id: newId(versions.length + 1), value }]);
  };
  return Object.assign({ kept, put }, server);
}

export function send(response: ServerResponse, [status, body]: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

const json = (request: Received) => JSON.parse(request.body.toString() || '{}') as Record<string, any>;

/** AWS Secrets Manager: JSON 1.1, the operation in a header. */
export const aws: Engine = {
  newId: () => randomUUID(),
  answer(kept, request) {
    const input = json(request);
    const operation = String(request.headers['x-amz-target']).replace('secretsmanager.', '');
    if (operation === 'ListSecrets') {
      // Pages of three, so that a client has to turn them.
      const names = [...kept.keys()];
      const from = Number(input['NextToken'] ?? 0);
      const next = from + 3 < names.length ? { NextToken: String(from + 3) } : {};
      return [200, { SecretList: names.slice(from, from + 3).map((Name) => ({ Name })), ...next }];
    }
    if (operation === 'BatchGetSecretValue') {
      const ids = input['SecretIdList'] as string[];
      return [200, { SecretValues: ids.filter((id) => kept.has(id)).map((id) => awsValue(kept, id)), Errors: [] }];
    }
    if (operation !== 'GetSecretValue') return [400, { __type: 'UnknownOperationException' }];
    return [...awsAnswer(awsValue(kept, input['SecretId'], input['VersionId']))];
  },
};

function awsAnswer(value: unknown): Answer {
  const message = "Secrets Manager can't find the specified secret.";
  return value === undefined ? [400, { __type: 'ResourceNotFoundException', Message: message }] : [200, value];
}

function awsValue(kept: Kept, name: string, id?: string) {
  const versions = kept.get(name) ?? [];
  const index = id === undefined ? versions.length - 1 : versions.findIndex((version) => version.id === id);
  const version = versions[index];
  if (version === undefined) return undefined;
  const stages = [['AWSCURRENT'], ['AWSPREVIOUS']][versions.length - 1 - index] ?? [];
  return {
    Name: name,
    SecretString: version.value,
    VersionId: version.id,
    VersionStages: stages,
    CreatedDate: 1_790_000_000,
  };
}

/** Google Secret Manager: REST. */
export const gcp: Engine = {
  newId: (count) => String(count),
  answer(kept, request) {
    const path = decodeURIComponent(new URL(request.url, 'http://x').pathname);
    const [, name, version] = /^\/v1\/projects\/p\/secrets\/([^/]+)\/versions\/(\w+):access$/.exec(path) ?? [];
    if (path === '/v1/projects/p/secrets') {
      return [200, { secrets: [...kept.keys()].map((each) => ({ name: `projects/1/secrets/${each}` })) }];
    }
    const versions = kept.get(name ?? '') ?? [];
    const found = version === 'latest' ? versions.at(-1) : versions.find(({ id }) => id === version);
    if (found === undefined) return gcpError(404, 'NOT_FOUND');
    const payload = { data: Buffer.from(found.value).toString('base64') };
    return [200, { name: `projects/1/secrets/${String(name)}/versions/${found.id}`, payload }];
  },
};

export function gcpError(code: number, status: string): Answer {
  return [code, { error: { code, message: `it says ${status}`, status } }];
}

/** Azure Key Vault: REST, version in the path. */
export const azure: Engine = {
  newId: () => randomBytes(16).toString('hex'),
  answer(kept, request) {
    const [, , name, id] = new URL(request.url, 'http://x').pathname.split('/');
    const base = `https://${String(request.headers.host)}/secrets`;
    if (!name)
      return [
        200,
        { value: [...kept.keys()].map((each) => ({ id: `${base}/${each}`, attributes: { enabled: true } })) },
      ];
    const actual = [...kept.keys()].find((each) => each.toLowerCase() === name.toLowerCase()) ?? name;
    const versions = kept.get(actual) ?? [];
    const found = id ? versions.find((version) => version.id === id) : versions.at(-1);
    if (found === undefined) return [404, { error: { code: 'SecretNotFound', message: 'A secret was not found' } }];
    const attributes = { enabled: true, created: 1_790_000_000, exp: 4_102_444_800 };
    return [200, { value: found.value, id: `${base}/${actual}/${found.id}`, attributes }];
  },
};

export const vaultId = 'aaaaaaaaaaaaaaaaaaaaaaaaaa';

/** 1Password Connect: items with fields, found by a filter on their title. */
export const onePassword: Engine = {
  newId: (count) => String(count),
  answer(kept, request) {
    const url = new URL(request.url, 'http://x');
    if (url.pathname.replace(/\/$/, '') === '/v1/vaults') return [200, [{ id: vaultId, name: 'dev' }]];
    const [, , , vault, , item] = url.pathname.split('/');
    if (url.pathname === `/v1/vaults/${vaultId}`) return [200, { id: vaultId, name: 'dev' }];
    if (vault !== vaultId) return [404, { status: 404, message: 'Vault not found' }];
    if (item) {
      const title = Buffer.from(item, 'hex').toString();
      return kept.has(title) ? [200, onePasswordItem(title, kept)] : [404, { status: 404, message: 'Item not found' }];
    }
    const wanted = /^title eq "(.*)"$/.exec(url.searchParams.get('filter') ?? '')?.[1];
    const titles = [...kept.keys()].filter((title) => wanted === undefined || title === wanted);
    return [200, titles.map((title) => ({ id: Buffer.from(title).toString('hex'), title, vault: { id: vaultId } }))];
  },
};

export function onePasswordItem(title: string, kept: Kept) {
  const last = kept.get(title)?.at(-1);
  const fields = [
    { id: 'username', type: 'STRING', purpose: 'USERNAME', label: 'username', value: 'alice' },
    { id: 'x1', type: 'CONCEALED', label: 'credential', value: last?.value },
  ];
  const id = Buffer.from(title).toString('hex');
  return { id, title, vault: { id: vaultId }, category: 'API_CREDENTIAL', version: Number(last?.id), fields };
}
