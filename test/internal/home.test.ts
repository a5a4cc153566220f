import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { clavigerHome, configHome } from '../../src/internal/home.js';

describe('clavigerHome and configHome', () => {
  test.each([
    ['linux', { HOME: '/home/ann' }, '/home/ann/.local/share/claviger', '/home/ann/.config/claviger'],
    ['linux', { HOME: '/home/ann', XDG_DATA_HOME: '/d', XDG_CONFIG_HOME: '/c' }, '/d/claviger', '/c/claviger'],
    [
      'linux',
      { HOME: '/home/ann', XDG_DATA_HOME: 'rel', XDG_CONFIG_HOME: '' },
      '/home/ann/.local/share/claviger',
      '/home/ann/.config/claviger',
    ],
    [
      'darwin',
      { HOME: '/Users/ann', XDG_DATA_HOME: '/d' },
      '/Users/ann/Library/Application Support/claviger',
      '/Users/ann/Library/Application Support/claviger',
    ],
    ['win32', { LOCALAPPDATA: '/local', APPDATA: '/roaming' }, '/local/claviger', '/roaming/claviger'],
    ['win32', { USERPROFILE: '/ann' }, '/ann/AppData/Local/claviger', '/ann/AppData/Roaming/claviger'],
  ] as const)('on %s with %o are the places of the platform', (platform, env, data, config) => {
    expect(clavigerHome(env, platform)).toBe(data);
    expect(configHome(env, platform)).toBe(config);
  });

  test('CLAVIGER_HOME names the state, absolute or from here, and not the configuration', () => {
    expect(clavigerHome({ CLAVIGER_HOME: '/own' }, 'darwin')).toBe('/own');
    expect(clavigerHome({ CLAVIGER_HOME: 'own' }, 'linux')).toBe(resolve('own'));
    expect(configHome({ HOME: '/home/ann', CLAVIGER_HOME: '/own' }, 'linux')).toBe(join('/home/ann/.config/claviger'));
  });
});
