import type { ProviderDefinition } from '../../index.js';
import { CommandError } from '../command-error.js';
import { editConfig, preview } from '../config-file.js';
import type { Context } from '../context.js';
import { withProvider } from '../edit-jsonc.js';
import { assertWritable, storeSecret } from '../store-secret.js';
import { placeOf } from '../stored-credentials.js';
import type { ImportPlan } from './make-plan.js';

/** Defines what is new and stores its keys as one step; each is read back before any client's file loses it. */
export async function storeKeys(context: Context, { target, credentials }: ImportPlan): Promise<void> {
  const definitions = credentials.flatMap((one) => one.definitions);
  if (definitions.length === 0) return;
  const change = async (text: string) => {
    let now = text;
    for (const definition of definitions) now = await withProvider(now, definition);
    return now;
  };
  const { loaded, registry } = await preview(context, target, change);
  const described = registry.providers();
  const places = credentials
    .filter(({ stored }) => !stored)
    .map((credential) => ({ credential, place: placeOf(loaded, credential.definitions[0]?.name ?? '') }));
  for (const { place } of places) assertWritable(place);
  await editConfig(context, target, change, async () => {
    for (const { credential, place } of places) {
      const destinations = destinationsOf(credential.definitions);
      await storeSecret(context, place, credential.secret, destinations.length > 0 ? { destinations } : {});
      const back = await place.store.get(place.secretName);
      if (back?.secret.equals(credential.secret) !== true) {
        throw new CommandError(
          `store "${place.storeName}" does not give back what it was given: no client was changed`,
        );
      }
    }
  });

  function destinationsOf(of: readonly ProviderDefinition[]): string[] {
    return [
      ...new Set(of.flatMap(({ name }) => described.find((provider) => provider.name === name)?.destinations ?? [])),
    ];
  }
}
