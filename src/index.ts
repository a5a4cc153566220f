export { Secret } from './secret.js';
export { ClavigerError, findClavigerError, isClavigerError } from './errors.js';
export type { ClavigerErrorDetails, ErrorCode, Issue } from './errors.js';
export type { Credential, Source, SourceRequest, SourceResult } from './credential.js';
export type { Consumer } from './access/consumer.js';
export type { AuditEvent, AuditSink, Surface } from './audit/event.js';

export { argument, basic, bearer, cookie, env, file, header, parameter, query } from './placement/placement.js';
export type {
  ArgumentPlacement,
  BasicPlacement,
  CookiePlacement,
  EnvPlacement,
  FilePlacement,
  HeaderPlacement,
  ParameterPlacement,
  Placement,
  ProcessPlacement,
  QueryPlacement,
  RequestPlacement,
} from './placement/placement.js';

export { createRegistry } from './registry/registry.js';
export type { RegistryOptions } from './registry/registry.js';
export type { Auth, AuthOptions, Registry, ResolveOptions } from './registry/registry-contract.js';
export type { KeyShape, ProviderDefinition, ProviderDescription } from './registry/provider.js';
export type { CacheOptions } from './registry/credential-cache.js';
export { apiKeyAuth, setDefaultRegistry } from './registry/default-registry.js';
export type { AskPassphrase } from './stores/embedded.js';
export { loadConfig, loadRegistry } from './registry/load-config.js';
export type { LoadedConfig, LoadOptions } from './registry/load-config.js';
export { CONFIG_NAME, discoverConfig, userConfigPath } from './registry/discover-config.js';
export type { DiscoveryOptions, FoundConfig } from './registry/discover-config.js';

export { hideParameter } from './tools/hide-parameter.js';
export type { ArkTypeLike, HiddenJsonSchema, HiddenSchema } from './tools/hidden-schema.js';
export type { StandardSchema } from './tools/standard-schema.js';
export { withCredential } from './tools/with-credential.js';
export type { WithCredentialOptions } from './tools/with-credential.js';
export type { AnyFunction, Into, WithoutCredential } from './tools/injected-type.js';

export { createRedactor } from './redaction/redactor.js';
export type { Redactor, Scanner } from './redaction/redactor.js';

export { memoryStore } from './stores/memory.js';
export type { MemoryStore } from './stores/memory.js';
export { chainStores } from './stores/chain.js';
export type { ChainOptions } from './stores/chain.js';
export { envStore } from './stores/env.js';
export type { EnvStoreOptions } from './stores/env.js';
export { entryName } from './stores/store.js';
export type { Store, StoredSecret, StoredSecretInfo, StoreGetOptions, StoreSetMetadata } from './stores/store.js';
