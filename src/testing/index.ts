export { expectNoLeak } from './expect-no-leak.js';
export { testStore } from './store-contract.js';
export type { TestStoreOptions } from './store-contract.js';
export type { StoreFixture } from './store-fixture.js';
