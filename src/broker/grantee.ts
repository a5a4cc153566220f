import { hash } from 'node:crypto';
import { matchHost } from '../destination/host-pattern.js';
import type { CanonicalUrl } from '../destination/canonical-url.js';
import { ClavigerError } from '../errors.js';
import { isRequestPlacement, type RequestPlacement } from '../placement/placement.js';
import type { Provider } from '../registry/provider.js';
import type { Auth, RegistryCore } from '../registry/registry-contract.js';
import { createPlaceholder } from './placeholder.js';

/** One provider's part in a session: whose credential it is, and the placeholder that stands for it. */
export class Grantee {
  readonly auth: Auth;
  readonly core: RegistryCore;
  readonly provider: Provider;
  readonly placeholder: string;
  /** What a table finds it by: comparing hashes tells nobody how much of a guess was right. */
  readonly digest: string;
  /** Where its placeholder is looked for: the provider's placements, and their alternatives. */
  readonly placements: readonly {
    readonly key: string;
    readonly placement: RequestPlacement;
    readonly isOwn: boolean;
  }[];
  /** Where requests of reverse mode go; undefined where that can't be told. */
  readonly origin: string | undefined;
  readonly basePath: string;

  constructor(auth: Auth, core: RegistryCore) {
    this.auth = auth;
    this.core = core;
    this.provider = core.find(auth.providerName);
    const { placements, definition, baseUrl } = this.provider;
    const alternatives = (definition.alternatives ?? []).filter(isRequestPlacement);
    this.placements = [
      ...placements.map((placement) => ({ key: keyOf(placement), placement, isOwn: true })),
      ...alternatives.map((placement) => ({ key: keyOf(placement), placement, isOwn: false })),
    ];
    this.placeholder = createPlaceholder(definition.shape);
    this.digest = digestOf(this.placeholder);
    const base = baseUrl === undefined ? undefined : new URL(baseUrl);
    this.origin = base?.origin ?? onlyOrigin(this.provider);
    this.basePath = base === undefined || base.pathname === '/' ? '' : base.pathname;
  }

  /** Whether it may be used somewhere at this origin. */
  isAt({ protocol, hostname, port }: Pick<CanonicalUrl, 'protocol' | 'hostname' | 'port'>): boolean {
    return (this.provider.destinations ?? []).some(
      (each) => each.protocol === protocol && each.port === port && matchHost(each.host, hostname),
    );
  }

  /** @throws ClavigerError `ERR_CONFIG_INVALID` */
  assertOrigin(): void {
    if (this.origin !== undefined) return;
    const { name } = this.provider;
    const message = `${name} has no baseUrl that the broker could stand in for: define it`;
    throw new ClavigerError('ERR_CONFIG_INVALID', message, { provider: name });
  }
}

export function digestOf(value: string): string {
  return hash('sha256', value, 'base64url');
}

function keyOf(placement: RequestPlacement): string {
  const name = placement.in === 'header' ? placement.name.toLowerCase() : 'name' in placement ? placement.name : '';
  const rest =
    placement.in === 'header'
      ? (placement.prefix ?? '').toLowerCase()
      : 'secretAs' in placement
        ? placement.secretAs
        : '';
  return JSON.stringify([placement.in, name, rest]);
}

/** Without a base URL there may still be only one host to go to. */
function onlyOrigin({ destinations = [] }: Provider): string | undefined {
  const origins = new Set(
    destinations.map(({ protocol, host, port }) =>
      host.wildcard ? '' : new URL(`${protocol}//${host.name}:${port}`).origin,
    ),
  );
  const [only] = origins;
  return origins.size === 1 && only !== '' ? only : undefined;
}
