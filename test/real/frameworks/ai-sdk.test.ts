import { describe, expect, it } from 'vitest';
import { nodeOnDemand, onDemand } from '../on-demand.js';
import { runInProject } from './project.js';

/** Each version with the oldest Node that it runs on. */
const versions = [
  ['6.0.325', 18],
  ['7.0.173', 24],
] as const;

describe.each(versions)('the AI SDK %s', (version, major) => {
  const folder = onDemand(`ai-${version}`, { ai: version, zod: '4.6.7' });
  const node = nodeOnDemand(major);

  it.skipIf(folder === undefined || node === undefined)(
    'runs turns, whole and streamed, in which the key is in the tools and nowhere else (F19)',
    async () => {
      const shown = await runInProject(folder ?? '', 'test/real/frameworks/ai-sdk-turn.mjs', node);
      expect(shown).toContain('the key: in the tools alone');
    },
    60_000,
  );
});
