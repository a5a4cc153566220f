import type { Registry } from './registry-contract.js';

/** Held weakly: being listed keeps no registry, and so no secret, from being collected. */
const living = new Set<WeakRef<Registry>>();
const collected = new FinalizationRegistry<WeakRef<Registry>>((gone) => living.delete(gone));

export function listRegistry(registry: Registry): void {
  const listed = new WeakRef(registry);
  living.add(listed);
  collected.register(registry, listed);
}

/** Every registry of this process, also a closed one: what it has handed out may still come by. */
export function livingRegistries(): Registry[] {
  return [...living].flatMap((listed) => listed.deref() ?? []);
}
