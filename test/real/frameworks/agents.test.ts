import { describe, expect, it } from 'vitest';
import { nodeOnDemand, onDemand } from '../on-demand.js';
import { runInProject } from './project.js';

const adk = onDemand('google-adk', { '@google/adk': '2.0.0' });
const mastra = onDemand('mastra', { '@mastra/core': '1.71.0', '@mastra/observability': '1.17.9', zod: '4.6.7' });
const node = mastra === undefined ? undefined : nodeOnDemand(24);

describe.skipIf(mastra === undefined || node === undefined)('Mastra, on the Node that it needs', () => {
  it('runs an agent in which the key is in the tools and nowhere else (F19)', async () => {
    const printed = await runInProject(mastra ?? '', 'test/real/frameworks/mastra-turn.mjs', node);
    expect(printed).toContain('in the tools alone');
  }, 90_000);
});

describe.skipIf(adk === undefined)("Google's ADK", () => {
  it('takes the tools of an MCP toolset', async () => {
    expect(await runInProject(adk ?? '', 'test/real/frameworks/google-adk-toolset.mjs')).toContain('2 tools');
  }, 90_000);
});
