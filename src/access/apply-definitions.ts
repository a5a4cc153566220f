import { isDeepStrictEqual } from 'node:util';
import type { Issue } from '../errors.js';
import { configInvalid } from '../internal/validation.js';
import type { DefinitionChange } from './access.js';
import type { StoredKey } from './compiled.js';
import { assertDefinitions } from './definition-schema.js';
import type { AccessDefinitions } from './definitions.js';
import { recordName, recordsOf } from './record-names.js';
import { recordsFor, type Rules } from './rules.js';
import type { AccessState, Changes, Records } from './state.js';

const kinds = ['product', 'developer', 'app', 'key'] as const;

/** Makes the definitions in the state be those of a file. */
export class ApplyDefinitions {
  readonly #state: AccessState;
  readonly #rules: Rules;

  constructor({ state, rules }: { state: AccessState; rules: Rules }) {
    this.#state = state;
    this.#rules = rules;
  }

  async apply(
    definitions: AccessDefinitions,
    { dryRun = false }: { dryRun?: boolean } = {},
  ): Promise<readonly DefinitionChange[]> {
    const { defined } = this.#rules;
    const others = { products: namesOf(defined, 'product/'), developers: namesOf(defined, 'developer/') };
    assertDefinitions(definitions, 'the definitions', others);
    const wanted = recordsFor(definitions);
    this.#assertFree(wanted);
    if (dryRun) return differences(await this.#state.read(), wanted).shown;
    let shown: readonly DefinitionChange[] = [];
    await this.#state.update((records) => {
      const found = differences(records, wanted);
      this.#assertUnissued(records, wanted);
      ({ shown } = found);
      return shown.length === 0 ? undefined : found.changes;
    });
    return shown;
  }

  /** What stands in code or in the config file is changed there. */
  #assertFree(wanted: ReadonlyMap<string, unknown>): void {
    const issues = [...wanted.keys()]
      .filter((name) => this.#rules.defined.has(name))
      .map((name): Issue => ({ path: pathOf(name), message: 'is defined in the configuration: change it there' }));
    if (issues.length > 0) throw configInvalid('the definitions', issues);
  }

  /** A key that was issued is no other's, whatever a file says. */
  #assertUnissued(records: Records, wanted: ReadonlyMap<string, unknown>): void {
    for (const [id, sha256] of recordsOf<string>(wanted, 'id/')) {
      const known = [records.get(recordName.keyId(id)), sha256].map(
        (hash) => records.get(recordName.key(String(hash))) as StoredKey | undefined,
      );
      if (!known.some((key) => key?.issued === true)) continue;
      throw configInvalid('the definitions', [{ path: `apps: key ${id}`, message: 'is a key that was issued' }]);
    }
  }
}

/**
 * What is to be written, and what of it is to be shown. Issued keys go with their app; a status that was
 * set stays, so that what comes back under a revoked name is revoked.
 */
function differences(
  records: Records,
  wanted: ReadonlyMap<string, unknown>,
): { changes: Changes; shown: DefinitionChange[] } {
  const changes = new Map<string, unknown>();
  const shown: DefinitionChange[] = [];
  for (const kind of kinds) {
    for (const [rest, value] of recordsOf(wanted, `${kind}/`)) {
      const before = records.get(`${kind}/${rest}`);
      if (isDeepStrictEqual(before, value)) continue;
      changes.set(`${kind}/${rest}`, value);
      shown.push({ change: before === undefined ? 'add' : 'change', kind, name: shownName(kind, rest, value) });
    }
    for (const [rest, value] of recordsOf(records, `${kind}/`)) {
      if (wanted.has(`${kind}/${rest}`) || staysIssued(kind, value, wanted, records)) continue;
      changes.set(`${kind}/${rest}`, undefined);
      shown.push({ change: 'remove', kind, name: shownName(kind, rest, value) });
    }
  }
  for (const [id, sha256] of recordsOf<string>(wanted, 'id/')) {
    if (records.get(recordName.keyId(id)) !== sha256) changes.set(recordName.keyId(id), sha256);
  }
  for (const [id, sha256] of recordsOf<string>(records, 'id/')) {
    const name = recordName.key(sha256);
    if (changes.has(name) && changes.get(name) === undefined && !wanted.has(recordName.keyId(id))) {
      changes.set(recordName.keyId(id), undefined);
    }
  }
  return { changes, shown };
}

/** A key that was issued for an app of the configuration, or for one that stays. */
function staysIssued(kind: string, value: unknown, wanted: ReadonlyMap<string, unknown>, records: Records): boolean {
  if (kind !== 'key') return false;
  const { issued, app } = value as StoredKey;
  const name = recordName.app(app);
  return issued === true && (wanted.has(name) || !records.has(name));
}

function shownName(kind: string, rest: string, value: unknown): string {
  if (kind !== 'key') return rest;
  const { id, app } = value as StoredKey;
  return `${id} of ${app}`;
}

function namesOf(records: ReadonlyMap<string, unknown>, prefix: string): string[] {
  return [...recordsOf(records, prefix)].map(([name]) => name);
}

function pathOf(name: string): string {
  const [kind = '', ...rest] = name.split('/');
  return `${kind === 'id' || kind === 'key' ? 'key' : kind} ${rest.join('/')}`;
}
