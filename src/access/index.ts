export { createAccess } from './create-access.js';
export type { AccessOptions } from './create-access.js';
export type {
  Access,
  AccessDescription,
  DefinitionChange,
  IssuedKey,
  IssuedToken,
  KeyDescription,
  StatusTarget,
  Verification,
  VerifyAccessTokenRequest,
  VerifyApiKeyRequest,
} from './access.js';
export type { AccessDefinitions, App, ConsumerKeyRecord, Developer, KeyStatus, Product, Quota } from './definitions.js';
export type { Consumer } from './consumer.js';
export type { Fault } from './fault.js';
export type { QuotaLeft } from './quota.js';
export { createGuard } from './guard.js';
export type { AccessGuard, GuardOptions, VerifiedApp } from './guard.js';
export { consumerFile } from './consumer-file.js';
export { isAccessToken } from './guard-consumer.js';
export { defaultStatePath, fileState } from './file-state.js';
export { memoryState } from './memory-state.js';
export { redisState } from './redis-state.js';
export type { RedisStateOptions } from './redis-state.js';
export type { IoredisClient, NodeRedisClient, RedisClient } from './redis-client.js';
export type { AccessState, Changes, Records } from './state.js';
export type { Count, CountRequest } from './fixed-window.js';
