import { BlockList, isIP } from 'node:net';

/** What an IP address reaches, as far as policy asks. `public` is everything that is nothing else. */
export type AddressKind = 'loopback' | 'private' | 'linkLocal' | 'unspecified' | 'public';

/** The special ranges of the IANA registries (RFC 6890), in the four kinds that policy tells apart. */
const RANGES: readonly (readonly [Exclude<AddressKind, 'public'>, readonly string[]])[] = [
  ['loopback', ['127.0.0.0/8', '::1/128']],
  // The last two are the cloud metadata services under their IPv6 names: the same thing as 169.254.169.254.
  ['linkLocal', ['169.254.0.0/16', 'fe80::/10', 'fd00:ec2::254/128', 'fd20:ce::254/128']],
  // No single host stands behind "this network" (which Linux takes for loopback), multicast and reserved addresses.
  ['unspecified', ['0.0.0.0/8', '224.0.0.0/4', '240.0.0.0/4', '::/128', 'ff00::/8']],
  ['private', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '192.0.0.0/24', '198.18.0.0/15']],
  ['private', ['fc00::/7', 'fec0::/10']],
];

let kinds: readonly (readonly [AddressKind, BlockList])[] | undefined;

/**
 * What an IP address reaches. IPv4 addresses inside IPv6 ones (`::ffff:…`, NAT64 `64:ff9b::…`) count as themselves.
 *
 * A listed host may resolve to `loopback` and `private` addresses, never to `linkLocal` and `unspecified` ones. What
 * is not an address at all is `unspecified`, so that it is refused.
 *
 * @example
 * addressKind('10.1.2.3') // 'private'
 * addressKind('::ffff:169.254.169.254') // 'linkLocal'
 */
export function addressKind(ip: string): AddressKind {
  const address = ip.replace(/%.*$/s, '');
  const family = ipFamily(address);
  if (family === 0) return 'unspecified';
  kinds ??= RANGES.map(([kind, ranges]) => [kind, blockList(ranges)] as const);
  return kinds.find(([, list]) => list.check(address, family === 4 ? 'ipv4' : 'ipv6'))?.[0] ?? 'public';
}

/** As `net.isIP`, whose pattern for IPv6 takes long to compile: names, which most hosts are, don't need it. */
export function ipFamily(text: string): 0 | 4 | 6 {
  return /^[\d.]+$|:/.test(text) ? (isIP(text) as 0 | 4 | 6) : 0;
}

/**
 * Whether a canonical host name is one of those that plain http may be written for: `localhost`, `127.0.0.0/8`,
 * `[::1]` (with or without brackets). Names are not resolved.
 */
export function isLoopbackHost(hostname: string): boolean {
  return (
    hostname === 'localhost' || hostname === '[::1]' || hostname === '::1' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
  );
}

/** Each IPv4 range stands in the list in its mapped and NAT64 forms too: not every Node version compares them. */
function blockList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [net = '', bits = ''] = range.split('/');
    if (net.includes(':')) list.addSubnet(net, Number(bits), 'ipv6');
    else {
      list.addSubnet(net, Number(bits), 'ipv4');
      for (const prefix of ['::ffff:', '64:ff9b::']) list.addSubnet(prefix + net, 96 + Number(bits), 'ipv6');
    }
  }
  return list;
}
