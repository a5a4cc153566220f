import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { createRegistry, isClavigerError, withCredential } from '../../src/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { canary } from '../support/canary.js';
import { rejects } from '../support/rejects.js';

const key = canary();
const registry = createRegistry({ providers: [{ name: 'p', source: () => key }] });
const auth = registry.auth('p');

/** What a promise rejects with. */
async function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => Promise.reject(new Error('it should have failed')),
    (error: unknown) => error,
  );
}

describe('code that looks at an outcome and fails', () => {
  it('shows no key when isRejected throws what it saw', async () => {
    const call = withCredential(({ apiKey }: { apiKey: string }) => ({ echo: apiKey }), {
      auth,
      into: 'apiKey',
      isRejected: ({ result }) => {
        throw new Error(`can't judge ${JSON.stringify(result)}`);
      },
    });
    const error = await thrownBy(call({}));
    expect(String(error)).toContain('[secret]');
    expectNoLeak(error, key);
  });

  it('shows no key when isRejected throws over an error that was thrown at once', async () => {
    const fails = ({ apiKey }: { apiKey: string }): never => {
      throw new Error(apiKey);
    };
    const isRejected = ({ error }: { error?: unknown }): never => {
      throw new Error(`can't judge ${String(error)}`);
    };
    expectNoLeak(await thrownBy(withCredential(fails, { auth, into: 'apiKey', isRejected })({})), key);
  });

  it.each(['status', 'cause'])('shows no key through an error whose %s can not be read (S11)', async (name) => {
    for (const audit of [undefined, () => undefined]) {
      const audited = createRegistry({ providers: [{ name: 'p', source: () => key }], ...(audit && { audit }) });
      const fails = ({ apiKey }: { apiKey: string }): never => {
        throw Object.defineProperty(new Error('failed'), name, {
          get() {
            throw new Error(apiKey);
          },
          configurable: true,
        });
      };
      const error = await thrownBy(withCredential(fails, { auth: audited.auth('p'), into: 'apiKey' })({}));
      expect((error as Error).message).toBe('failed');
      expectNoLeak(error, key);
    }
  });

  it('gives the result whose status can not be read, as it is none of ours', async () => {
    const result = {
      get status(): number {
        throw new Error('not yet');
      },
    };
    const call = withCredential(({ apiKey: _ }: { apiKey: string }) => result, { auth, into: 'apiKey' });
    expect(await call({})).toBe(result);
  });
});

describe('asking whether something is an error of ours', () => {
  it('never throws and always ends', () => {
    const endless = (): object => ({
      get cause() {
        return endless();
      },
    });
    const hostile = new Proxy(new Error('x'), {
      has() {
        throw new Error('no');
      },
    });
    expect([endless(), hostile].map(isClavigerError)).toEqual([false, false]);
  });
});
