import { discoverConfig, type LoadedConfig } from '../../index.js';
import { openConfig } from '../configuration.js';
import type { Context } from '../context.js';
import { askStores } from './ask-stores.js';
import { checkAudit } from './check-audit.js';
import { checkClients } from './check-clients.js';
import { checkConfig } from './check-config.js';
import { checkCredentials } from './check-credentials.js';
import { checkKeychain } from './check-keychain.js';
import { checkLeftovers } from './check-leftovers.js';
import { checkNode } from './check-node.js';
import { checkPermissions } from './check-permissions.js';
import { checkPrograms } from './check-programs.js';
import { checkStores } from './check-stores.js';
import type { Check, Finding, Patient } from './check.js';
import { LATE, within } from './deadline.js';

/** In the order of the report. */
const checks: readonly Check[] = [
  checkNode,
  checkConfig,
  checkStores,
  checkKeychain,
  checkPermissions,
  checkLeftovers,
  checkCredentials,
  checkClients,
  checkAudit,
  checkPrograms,
];

export interface Examination {
  readonly findings: readonly Finding[];
  /** Whether something still runs that did not answer in its time. */
  readonly isLate: boolean;
}

export interface ExamineOptions {
  /** How long a store may take. */
  readonly storeMs?: number;
  /** How long a check may take. */
  readonly checkMs?: number;
}

const again = 'run claviger doctor again';

/** Looks at everything at once. A check that fails or hangs takes nothing from the others. */
export async function examine(
  context: Context,
  { storeMs = 5000, checkMs = 10_000 }: ExamineOptions = {},
): Promise<Examination> {
  const file = discoverConfig(context);
  let loaded: LoadedConfig | undefined;
  let configError: unknown;
  try {
    loaded = await openConfig(context);
  } catch (error) {
    configError = error;
  }
  const patient: Patient = { context, file, loaded, configError, stores: askStores(loaded, storeMs) };
  const results = await Promise.all(checks.map((check) => run(check, patient, checkMs)));
  const answers = await Promise.all(patient.stores.values());
  return {
    findings: results.flatMap(({ findings }) => findings),
    isLate: results.some(({ isLate }) => isLate) || answers.some(({ isLate }) => isLate === true),
  };
}

async function run(check: Check, patient: Patient, checkMs: number): Promise<Examination> {
  const { name } = check;
  try {
    const findings = await within(checkMs, check.run(patient));
    if (findings !== LATE) return { findings, isLate: false };
    return {
      findings: [{ name, status: 'fail', message: `this check did not end within ${checkMs / 1000} s`, fix: again }],
      isLate: true,
    };
  } catch (error) {
    // Of an error that nobody foresaw only what it is may be told.
    const { code, constructor } = error as NodeJS.ErrnoException;
    const message = `this check failed itself (${code ?? constructor.name})`;
    return { findings: [{ name, status: 'fail', message, fix: again }], isLate: false };
  }
}
