import type { Registry } from '../../src/index.js';
import { fakeRegistry } from '../../src/testing/index.js';

const registry = fakeRegistry({ github: 'a-secret', stripe: { baseUrl: 'https://api.stripe.com' } }, { cache: {} });
registry satisfies Registry;
registry.rotate('github') satisfies string;
registry.fail('stripe', 'ERR_STORE_LOCKED');
// @ts-expect-error it has no such provider
registry.rotate('gitlab');
// @ts-expect-error a destination does not fail so
registry.fail('github', 'ERR_DESTINATION_DENIED');
// @ts-expect-error its secrets come from itself
fakeRegistry({ github: { source: () => 'x' } });
// @ts-expect-error its clock is its own
fakeRegistry({ github: {} }, { now: Date.now });
