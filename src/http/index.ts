/**
 * HTTP clients that carry credentials: a `fetch`, an undici Agent, and the interceptor for an Agent of one's own.
 *
 * @module
 */
export { createAgent, type AgentOptions, type DispatcherLike } from './create-agent.js';
export { createFetch, type FetchOptions } from './create-fetch.js';
export { credentialInterceptor, type CredentialInterceptor } from './credential-interceptor.js';
export type { AnyDispatch, Dispatching } from './dispatch.js';
export type { HttpOptions } from './http-policy.js';
export type { UpstreamOptions } from './upstream.js';
