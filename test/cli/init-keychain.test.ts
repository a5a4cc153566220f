import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CliHome } from '../support/cli.js';
import { hasKeyring, Keyring } from '../support/keyring.js';
import { needs } from '../support/needs.js';

let home: CliHome;
beforeEach(() => {
  home = new CliHome();
});
afterEach(() => home[Symbol.dispose]());

describe.skipIf(!hasKeyring())('init with a keychain', () => {
  let keyring: Keyring;
  let env: Record<string, string>;
  beforeAll(async () => {
    keyring = await Keyring.start();
    await keyring.open('correct horse');
    env = { DBUS_SESSION_BUS_ADDRESS: keyring.env['DBUS_SESSION_BUS_ADDRESS'] ?? '' };
  });
  afterAll(() => keyring[Symbol.asyncDispose]());

  it('keeps the key there when told so, and says what that protects and what not', async () => {
    const { code, stderr } = await home.run(['init', '--keychain'], { env });
    expect(code).toBe(0);
    expect(stderr).toMatch(/keychain .* protects a copy of .* not against programs that run as you/);
    expect(existsSync(join(home.state, 'secrets.claviger.key'))).toBe(false);
    expect((await home.run(['set', 'one'], { input: 'the-key-of-one', env })).code).toBe(0);
    expect((await home.json(['ls'], { env })).credentials).toMatchObject([{ name: 'one', state: 'current' }]);
    expect((await home.run(['init', '--passphrase'], { input: 'x', env })).code).toBe(1);
  });

  it.skipIf(!needs('script'))('offers it on a terminal, and takes no for an answer', async () => {
    const asked = 'Keep the key in the keychain?';
    const no = await home.terminal('claviger init', [[asked, 'n\r']], { env });
    expect(no.code).toBe(0);
    expect(no.stdout).toContain('generated key');
    using other = new CliHome();
    const yes = await other.terminal('claviger init', [[asked, 'y\r']], { env });
    expect(yes.code).toBe(0);
    expect(existsSync(join(other.state, 'secrets.claviger.key'))).toBe(false);
  });

  it('can keep the keys themselves, as a store of the config file', async () => {
    home.write(home.configFile, { stores: { default: { kind: 'keychain', service: 'of-a-test' } }, providers: [] });
    expect((await home.run(['set', 'one'], { input: 'the-key-of-one', env })).code).toBe(0);
    expect((await home.json(['ls'], { env })).credentials).toMatchObject([{ name: 'one', state: 'current' }]);
  });
});

describe('init without a keychain', () => {
  it('refuses to keep the key there, and makes nothing else instead (D3)', async () => {
    const { code, stderr } = await home.run(['init', '--keychain'], { env: { XDG_RUNTIME_DIR: home.directory } });
    expect(code).toBe(1);
    expect(stderr).toContain('keychain');
    expect(existsSync(join(home.state, 'secrets.claviger'))).toBe(false);
  });

  it('takes one protection at a time', async () => {
    expect((await home.run(['init', '--keychain', '--passphrase'])).code).toBe(2);
  });
});
