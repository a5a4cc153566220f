import { channel } from 'node:diagnostics_channel';
import type { Grant } from '../registry/use.js';

const requestCreated = channel('undici:request:create');
let isSettled = false;

/** undici's diagnostics hand the path, with the query, to whoever listens. */
export function warnOfListeners({ provider, companions }: Grant): void {
  if (isSettled || !requestCreated.hasSubscribers) return;
  const providers = [provider, ...companions.map((part) => part.provider)];
  if (!providers.some(({ placements }) => placements.some((placement) => placement.in === 'query'))) return;
  isSettled = true;
  const message =
    `something listens to undici's diagnostics channels and sees the credential of ${provider.name}, which goes into ` +
    `the query: place it in a header if the API takes one; for OpenTelemetry see redactingHooks of ` +
    `claviger/adapters/opentelemetry (reported once)`;
  process.emitWarning(message, 'ClavigerWarning');
}

/** Whoever set up the listeners has seen to it. */
export function expectListeners(): void {
  isSettled = true;
}
