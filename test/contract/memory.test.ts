import { describe, test } from 'vitest';
import { memoryStore } from '../../src/stores/memory.js';
import { testStore } from '../../src/testing/index.js';

testStore('memoryStore', async () => ({ store: memoryStore() }), { describe, test });
