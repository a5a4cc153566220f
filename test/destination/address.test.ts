import { describe, expect, it } from 'vitest';
import { addressKind, isLoopbackHost, type AddressKind } from '../../src/destination/address.js';

const ADDRESSES: Record<AddressKind, string[]> = {
  loopback: [
    '127.0.0.1',
    '127.255.255.255',
    '::1',
    '0:0:0:0:0:0:0:1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::7f00:1',
  ],
  linkLocal: [
    '169.254.169.254',
    '169.254.0.0',
    'fe80::1',
    'fe80::1%eth0',
    'febf::1',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    'fd00:ec2::254',
  ],
  unspecified: [
    '0.0.0.0',
    '0.1.2.3',
    '::',
    '::ffff:0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    'ff02::1',
    'localhost',
    '',
    '127.1',
    '[::1]',
  ],
  private: [
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    'fd12::1',
    'fc00::1',
    '::ffff:10.0.0.1',
    '::ffff:c0a8:101',
  ],
  public: [
    '8.8.8.8',
    '172.32.0.1',
    '172.15.0.1',
    '128.0.0.1',
    '169.253.1.1',
    '2606:4700::1111',
    '::ffff:8.8.8.8',
    'fec::1',
    '64:ff9b::808:808',
  ],
};

describe('what an address reaches', () => {
  for (const [kind, addresses] of Object.entries(ADDRESSES)) {
    it.each(addresses)(`${kind}: %s`, (address) => {
      expect(addressKind(address)).toBe(kind);
    });
  }
});

describe('a loopback host', () => {
  it('is localhost, 127.0.0.0/8 or [::1], by name', () => {
    for (const host of ['localhost', '127.0.0.1', '127.200.1.2', '[::1]', '::1'])
      expect(isLoopbackHost(host)).toBe(true);
    for (const host of [
      '127.evil.com',
      '127.0.0.1.evil.com',
      'localhost.evil.com',
      '10.0.0.1',
      '[::2]',
      '0.0.0.0',
      '',
    ]) {
      expect(isLoopbackHost(host)).toBe(false);
    }
  });
});
