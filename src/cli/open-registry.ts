import { createRegistry, type AuditEvent, type Registry } from '../index.js';
import { openConfig } from './configuration.js';
import type { Context } from './context.js';

interface OpenRegistryOptions {
  /** Whether a person may be asked for a passphrase; default true. */
  readonly ask?: boolean;
  /** Sees every event, beside the audit of the config file. */
  readonly onEvent?: (event: AuditEvent) => void;
}

/** The registry of the config file. What it hands out is never said aloud again. */
export async function openRegistry(context: Context, { ask, onEvent }: OpenRegistryOptions = {}): Promise<Registry> {
  const { options } = await openConfig(context, ask === undefined ? {} : { ask });
  const registry = createRegistry({
    ...options,
    ...(onEvent !== undefined && {
      audit: async (event: AuditEvent) => {
        onEvent(event);
        await options.audit?.(event);
      },
    }),
  });
  context.terminal.conceal((text) => registry.redactor.text(text));
  return registry;
}
