import { describe, test } from 'vitest';
import { chainStores, memoryStore } from '../../src/index.js';
import { testStore } from '../../src/testing/index.js';

testStore('chainStores', async () => ({ store: chainStores([memoryStore(), memoryStore()]) }), { describe, test });
