export { expectNoLeak } from './expect-no-leak.js';
export { fakeRegistry } from './fake-registry.js';
export type { FakeProvider, FakeRegistry, FakeRegistryOptions } from './fake-registry.js';
export type { FakeFailure } from './fake-store.js';
export { testStore } from './store-contract.js';
export type { TestStoreOptions } from './store-contract.js';
export type { StoreFixture } from './store-fixture.js';
