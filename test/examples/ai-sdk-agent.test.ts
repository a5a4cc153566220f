import { expect, test } from 'vitest';
import { nodeOnDemand, onDemand } from '../real/on-demand.js';
import { runInProject } from '../real/frameworks/project.js';

const folder = onDemand('ai-7.0.173', { ai: '7.0.173', zod: '4.6.7' });
const node = nodeOnDemand(24);

test.skipIf(folder === undefined || node === undefined)(
  'the example of an agent gives its tool a key that the model never sees',
  async () => {
    const shown = await runInProject(folder ?? '', 'examples/ai-sdk-agent/agent.mjs', node);
    expect(shown).toContain('the model is shown: city\n');
    expect(shown).toContain('the key:            in no message, no step and no result');
  },
  60_000,
);
