import { DEFAULT_INHERITED_ENV_VARS } from '@modelcontextprotocol/sdk/client/stdio.js';
import { describe, expect, it } from 'vitest';
import { inheritedEnvironment, mergeEnvironment, safeEnvironment } from '../../src/process/child-environment.js';

describe('safeEnvironment', () => {
  it('passes the variables that the official MCP SDK passes, and no others', () => {
    const names = [...DEFAULT_INHERITED_ENV_VARS, 'CLAVIGER_HOME', 'LD_PRELOAD', 'GITHUB_TOKEN'];
    const env = Object.fromEntries(names.map((name) => [name, `value of ${name}`]));
    expect(Object.keys(safeEnvironment(env)).sort()).toEqual([...DEFAULT_INHERITED_ENV_VARS].sort());
  });

  it('leaves exported shell functions and what is not set behind', () => {
    expect(safeEnvironment({ PATH: '/bin', SHELL: '() { :; }', HOME: undefined }, 'linux')).toEqual({ PATH: '/bin' });
  });

  it('reads names without regard to case on Windows, and with it elsewhere', () => {
    expect(safeEnvironment({ Path: 'C:\\', systemRoot: 'C:\\Windows' }, 'win32')).toEqual({
      Path: 'C:\\',
      systemRoot: 'C:\\Windows',
    });
    expect(safeEnvironment({ Path: '/bin' }, 'linux')).toEqual({});
  });
});

describe('inheritedEnvironment', () => {
  it('passes everything but our own variables', () => {
    const env = { PATH: '/bin', claviger_home: 'x', CLAVIGER_PHRASE_FILE: '/p', NOT_CLAVIGER_X: 'y', unset: undefined };
    expect(inheritedEnvironment(env)).toEqual({ PATH: '/bin', NOT_CLAVIGER_X: 'y' });
  });

  it('leaves behind what no name can be', () => {
    expect(inheritedEnvironment({ '': 'x', '=C:': 'C:\\', A: '' })).toEqual({ A: '' });
  });

  it('reads our own environment by default', () => {
    expect(inheritedEnvironment()).toMatchObject({ PATH: process.env['PATH'] });
  });
});

describe('mergeEnvironment', () => {
  it('lets later layers win', () => {
    expect(mergeEnvironment([{ A: '1', B: '1', C: undefined }, { B: '2' }, { B: '3', D: '' }])).toEqual({
      A: '1',
      B: '3',
      D: '',
    });
  });

  it('knows one variable by all its spellings on Windows only', () => {
    expect(mergeEnvironment([{ Path: '1' }, { PATH: '2' }], 'win32')).toEqual({ PATH: '2' });
    expect(mergeEnvironment([{ Path: '1' }, { PATH: '2' }], 'linux')).toEqual({ Path: '1', PATH: '2' });
  });

  it('touches no prototype', () => {
    const merged = mergeEnvironment([JSON.parse('{"__proto__":"x","constructor":"y"}') as Record<string, string>]);
    expect(Object.entries(merged)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it.each([
    ['', 'canary'],
    ['A=B', 'canary'],
    ['A\0', 'canary'],
    ['A', 'canary\0'],
  ])('refuses what no environment can hold (%j=%j), without the value', (name, value) => {
    const merge = (): unknown => mergeEnvironment([{ [name]: value }]);
    expect(merge).toThrow(expect.objectContaining({ code: 'ERR_PLACEMENT_INVALID' }));
    expect(merge).not.toThrow('canary');
  });
});
