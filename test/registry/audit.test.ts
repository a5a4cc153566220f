import { describe, expect, test } from 'vitest';
import { createRegistry, withCredential, type AuditEvent } from '../../src/index.js';
import { canary } from '../support/canary.js';
import { testClock } from '../support/clock.js';
import { countingSource } from '../support/counting-source.js';
import { rejects } from '../support/rejects.js';

function audited(source = countingSource({ secret: canary(), version: '1' })) {
  const events: AuditEvent[] = [];
  const registry = createRegistry({
    providers: [{ name: 'p', source, baseUrl: 'https://api.example.com/v1' }],
    audit: (event) => void events.push(event),
    now: testClock(),
  });
  return { registry, events, source };
}

describe('the audit trail', () => {
  test('has one event for a use, with the path and without the query (D23)', async () => {
    const { registry, events } = audited();
    await registry.resolve('p', {
      destination: { method: 'GET', url: 'https://api.example.com/v1/users?id=secret-query' },
    });
    expect(events).toEqual([
      {
        time: 1_700_000_000_000,
        type: 'use',
        provider: 'p',
        surface: 'registry',
        method: 'GET',
        host: 'api.example.com',
        path: '/v1/users',
        outcome: 'ok',
        version: '1',
      },
    ]);
  });

  test('has one event for a refusal', async () => {
    const { registry, events } = audited();
    await rejects(
      registry.resolve('p', { destination: { method: 'GET', url: 'https://evil.example/' } }),
      'ERR_DESTINATION_DENIED',
    );
    expect(events).toMatchObject([{ type: 'refuse', outcome: 'ERR_DESTINATION_DENIED', host: 'evil.example' }]);
  });

  test('has one event for a call that was repeated, and one for the refresh and the change', async () => {
    const { registry, events, source } = audited();
    const call = withCredential(
      ({ key }: { key: string }) => {
        source.answer = { secret: canary(), version: '2' };
        return { status: key === first ? 401 : 200 };
      },
      { auth: registry.auth('p'), into: 'key' },
    );
    const first = (await registry.resolve('p')).secret.reveal();
    events.length = 0;
    await call();
    expect(events.map(({ type, outcome, repeated }) => ({ type, outcome, repeated }))).toEqual([
      { type: 'refresh', outcome: 'ok', repeated: undefined },
      { type: 'change', outcome: 'ok', repeated: undefined },
      { type: 'use', outcome: 'ok', repeated: true },
    ]);
    expect(events[2]).toMatchObject({ surface: 'function', status: 200, version: '2' });
  });

  test('records the status of a call that failed', async () => {
    const { registry, events } = audited();
    const call = withCredential(
      () => {
        throw Object.assign(new Error('teapot'), { status: 418 });
      },
      { auth: registry.auth('p'), into: 'key' },
    );
    await expect(call()).rejects.toThrow('teapot');
    expect(events).toMatchObject([{ type: 'use', outcome: 'error', status: 418 }]);
  });

  test('that fails never fails the call, and is reported once', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    for (const audit of [() => Promise.reject(new Error('full')), () => raise('full')]) {
      const registry = createRegistry({ providers: [{ name: 'p', source: () => 'a-secret-value' }], audit });
      await registry.resolve('p');
      await registry.resolve('p');
    }
    await new Promise(setImmediate);
    process.off('warning', onWarning);
    expect(warnings.filter(({ message }) => message.includes('audit sink'))).toHaveLength(2);
  });

  test('is written to its end before the registry is closed', async () => {
    const written: string[] = [];
    const audit = async ({ outcome }: AuditEvent) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      written.push(outcome);
    };
    const registry = createRegistry({ providers: [{ name: 'p', source: () => 'a-secret-value' }], audit });
    await registry.resolve('p');
    expect(written).toEqual([]);
    await registry.close();
    expect(written).toEqual(['ok']);
  });

  test('never holds the secret (D23)', async () => {
    const key = canary();
    const { registry, events } = audited(countingSource(key));
    const echo = withCredential((args: { key: string }) => Promise.reject(new Error(args.key)), {
      auth: registry.auth('p'),
      into: 'key',
    });
    await expect(echo()).rejects.toThrow('[secret]');
    expect(events).toHaveLength(1);
    expect(JSON.stringify(events)).not.toContain(key);
  });
});

function raise(message: string): never {
  throw new Error(message);
}

test('the audit trail holds no secret, wherever one got into a name (D23)', async () => {
  const key = canary();
  const { registry, events } = audited(countingSource({ secret: key, version: key }));
  await registry.resolve('p', { destination: { method: 'GET', url: `https://api.example.com/v1/${key}` } });
  expect(events).toMatchObject([{ path: '/v1/[secret]', version: '[secret]' }]);
});
