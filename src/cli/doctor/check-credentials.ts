import type { StoredSecretInfo } from '../../index.js';
import { lastResults, type LastResult } from '../last-results.js';
import { placeOf } from '../stored-credentials.js';
import type { Check, Finding, Patient } from './check.js';

const DAY_MS = 86_400_000;
const SOON_DAYS = 14;
const OLD_DAYS = 365;

/** The age of each key, when it ends, and what its provider said of it last. */
export const checkCredentials: Check = {
  name: 'credentials',
  run: async (patient) => {
    const { loaded, context } = patient;
    if (loaded === undefined) return [];
    const results = await lastResults(context.env);
    const findings = loaded.options.providers
      .filter(({ source }) => source === undefined)
      .map(({ name }) => findingOf(patient, name, results.get(name)));
    return (await Promise.all(findings)).filter((finding) => finding !== undefined);
  },
};

async function findingOf(
  { loaded, stores }: Patient,
  provider: string,
  result: LastResult | undefined,
): Promise<Finding | undefined> {
  if (loaded === undefined) return undefined;
  const { storeName, secretName } = placeOf(loaded, provider);
  const answer = await stores.get(storeName);
  // What is wrong with the store is told of the store.
  if (answer === undefined || answer.error !== undefined) return undefined;
  const name = `credential:${provider}`;
  const info = answer.infos.get(secretName);
  const set = `claviger set ${provider}`;
  if (info === undefined) return { name, status: 'warn', message: 'there is no key for it', fix: set };
  if (info.state === 'revoked') return { name, status: 'fail', message: 'its key is revoked', fix: set };
  return { name, ...judge(info, result, provider) };
}

function judge(
  { expiresAt, createdAt, version }: Partial<StoredSecretInfo>,
  result: LastResult | undefined,
  provider: string,
): Omit<Finding, 'name'> {
  const set = `claviger set ${provider}`;
  const left = expiresAt === undefined ? Infinity : Math.floor((expiresAt.getTime() - Date.now()) / DAY_MS);
  if (left < 0) return { status: 'fail', message: `its key has expired${on(expiresAt)}`, fix: set };
  const tested = result?.version === version ? result : undefined;
  if (tested?.outcome === 'rejected') {
    return { status: 'fail', message: `its provider refused the key${on(new Date(tested.time))}`, fix: set };
  }
  const age = createdAt === undefined ? undefined : Math.floor((Date.now() - createdAt.getTime()) / DAY_MS);
  const parts = [
    age === undefined ? undefined : age === 0 ? 'stored today' : `stored ${age} ${age === 1 ? 'day' : 'days'} ago`,
    expiresAt === undefined ? undefined : `expires${on(expiresAt)}`,
    tested === undefined ? 'not tested yet' : `last test: ${tested.outcome}${on(new Date(tested.time))}`,
  ];
  const message = parts.filter((part) => part !== undefined).join(', ');
  if (left < SOON_DAYS) return { status: 'warn', message, fix: `get a new one, then: ${set}` };
  if (age !== undefined && age > OLD_DAYS)
    return { status: 'warn', message: `${message}: time to rotate it`, fix: set };
  return { status: 'ok', message };
}

function on(date: Date | undefined): string {
  return date === undefined ? '' : ` on ${date.toISOString().slice(0, 10)}`;
}
