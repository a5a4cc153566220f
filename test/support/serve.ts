import { onTestFinished } from 'vitest';
import { createRegistry, type RegistryOptions } from '../../src/registry/registry.js';
import type { Registry } from '../../src/registry/registry-contract.js';
import type { AuditEvent } from '../../src/audit/event.js';
import { canary } from './canary.js';
import { startServer, type TestServer } from './http-server.js';

/** A server for the length of one test. */
export async function serve(...args: Parameters<typeof startServer>): Promise<TestServer> {
  const server = await startServer(...args);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

/** Answers with everything that was asked, header by header: the worst that an upstream can do with a key. */
export const echo: NonNullable<Parameters<typeof startServer>[0]> = ({ method, url, headers, body }, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ method, url, headers, body: body.toString('latin1') }));
};

export interface Rig {
  readonly key: string;
  readonly registry: Registry;
  readonly events: AuditEvent[];
  /** How often the source was asked. */
  readonly asked: () => number;
}

type Definition = Omit<RegistryOptions['providers'][number], 'name'>;

/** A registry with one provider, `api`, whose key is a fresh canary. */
export function rig(definition: Definition, more: Partial<RegistryOptions> = {}): Rig {
  const key = canary();
  const events: AuditEvent[] = [];
  let asked = 0;
  const source = () => {
    asked++;
    return key;
  };
  const registry = createRegistry({
    audit: (event) => void events.push(event),
    ...more,
    providers: [{ name: 'api', source, ...definition }, ...(more.providers ?? [])],
  });
  return { key, registry, events, asked: () => asked };
}
