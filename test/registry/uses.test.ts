import { describe, expect, it } from 'vitest';
import { createRegistry, memoryStore, type ProviderDefinition } from '../../src/index.js';

const describeOne = (definition: Omit<ProviderDefinition, 'name'>) =>
  createRegistry({ providers: [{ name: 'mine', ...definition }], stores: { default: memoryStore() } }).providers()[0];

describe('a definition that uses a catalog entry', () => {
  it('has what the entry says, under its own name', () => {
    expect(describeOne({ uses: 'github' })).toMatchObject({
      name: 'mine',
      secretName: 'mine',
      baseUrl: 'https://api.github.com',
      destinations: ['https://api.github.com/**', 'https://uploads.github.com/**'],
      environmentVariable: 'GITHUB_TOKEN',
    });
  });

  it('overrides it field by field', () => {
    const provider = describeOne({
      uses: 'github',
      environmentVariable: 'GH',
      destinations: ['GET https://api.github.com/**'],
    });
    expect(provider).toMatchObject({
      environmentVariable: 'GH',
      baseUrl: 'https://api.github.com',
      destinations: ['GET https://api.github.com/**'],
    });
  });

  it('does not keep the destinations of the vendor for a server of its own', () => {
    expect(describeOne({ uses: 'gitlab', baseUrl: 'https://git.mine.test/api/v4' })?.destinations).toEqual([
      'https://git.mine.test/api/v4/**',
    ]);
  });

  it('is refused for an entry that is not there, naming near ones', () => {
    expect(() => describeOne({ uses: 'githbu' })).toThrow(
      expect.objectContaining({
        code: 'ERR_CONFIG_INVALID',
        issues: [{ path: 'providers[0].uses', message: expect.stringContaining('did you mean "github"') }],
      }),
    );
  });

  it('is refused while it leaves something open', () => {
    expect(() => describeOne({ uses: 'jira' })).toThrow(
      expect.objectContaining({ issues: [{ path: 'providers[0].uses', message: expect.stringContaining('{site}') }] }),
    );
    const filled = { baseUrl: 'https://acme.atlassian.net' };
    expect(describeOne({ uses: 'jira', ...filled })?.destinations).toEqual(['https://acme.atlassian.net/**']);
  });
});
