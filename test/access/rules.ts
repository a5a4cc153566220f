import { createHash } from 'node:crypto';
import type { AccessOptions, App, Product } from '../../src/access/index.js';
import { createAccess } from '../../src/access/index.js';
import { canary } from '../support/canary.js';
import { testClock } from '../support/clock.js';

export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

export const product = (over: Partial<Product> = {}): Product => ({
  name: 'read',
  providers: ['api'],
  resources: ['/v1/**'],
  ...over,
});

/** An access with one app, `agent`, that has one key for the product `read`. */
export function accessRig({
  product: over,
  key: keyOver,
  app: appOver,
  ...options
}: {
  product?: Partial<Product>;
  key?: Partial<NonNullable<App['keys']>[number]>;
  app?: Partial<App>;
} & Partial<AccessOptions> = {}) {
  const clock = testClock();
  const consumerKey = canary();
  const consumerSecret = canary();
  const access = createAccess({
    products: [product(over)],
    developers: [{ name: 'ada' }],
    apps: [
      {
        name: 'agent',
        developer: 'ada',
        keys: [
          {
            id: 'k1',
            sha256: sha256(consumerKey),
            secretSha256: sha256(consumerSecret),
            products: [{ name: 'read' }],
            ...keyOver,
          },
        ],
        ...appOver,
      },
    ],
    now: clock,
    ...options,
  });
  const verify = (more: Partial<Parameters<typeof access.verifyApiKey>[0]> = {}) =>
    access.verifyApiKey({ consumerKey, provider: 'api', method: 'GET', path: '/v1/users', ...more });
  return { access, clock, consumerKey, consumerSecret, verify };
}

/** The code of the fault, or `ok`. */
export async function faultOf(verification: Promise<{ ok: boolean; fault?: { code: string } }>): Promise<string> {
  const { ok, fault } = await verification;
  return ok ? 'ok' : (fault?.code ?? 'no fault');
}
