import type { LoadedConfig } from '../../index.js';
import { clientShapes } from '../../mcp-clients/client-shapes.js';
import { secretOf } from '../../mcp-clients/entry-keys.js';
import type { EntryPlan } from '../../mcp-clients/entry-plan.js';
import { keysThatStay, rewriteEntries, type Movable, type RewrittenEntry } from '../../mcp-clients/rewrite-file.js';
import { CommandError } from '../command-error.js';
import { preview, readTarget, type TargetConfig } from '../config-file.js';
import { targetConfig } from '../configuration.js';
import type { Context } from '../context.js';
import { readClientText, wantedFiles, type ClientText } from './client-text.js';
import type { ImportFlags } from './import-flags.js';
import { nameCredentials, type NamedCredential, type Naming } from './name-credentials.js';
import { ownLauncher } from './own-launcher.js';
import { planFile, type FilePlan } from './plan-files.js';
import { storedKeys } from './stored-keys.js';
import type { Launcher } from '../../mcp-clients/launcher-entry.js';

/** One file, and what is to be done with it. */
export interface PlannedFile {
  readonly path: string;
  readonly title: string;
  readonly scope: ClientText['scope'];
  /** Why it is not read, and so not touched. */
  readonly error: string | undefined;
  readonly plan: FilePlan | undefined;
  /** What it would say afterwards. */
  readonly text: string;
  readonly entries: readonly PlannedEntry[];
  readonly rewritten: readonly RewrittenEntry[];
}

/** An entry that has keys, or something to know about. */
export interface PlannedEntry {
  readonly plan: EntryPlan;
  /** Why it stays, if it does. */
  readonly left: string | undefined;
}

export interface ImportPlan {
  readonly files: readonly PlannedFile[];
  readonly target: TargetConfig;
  readonly loaded: LoadedConfig;
  readonly launcher: Launcher;
  readonly naming: Naming;
  /** What has to be defined and stored for the entries that can be rewritten. */
  readonly credentials: readonly NamedCredential[];
  /** The values that move; records refer to them by their place here. */
  readonly secrets: readonly string[];
}

/** Reads the clients' files and says what is to be done; changes nothing. */
export async function makePlan(context: Context, flags: ImportFlags): Promise<ImportPlan> {
  const target = await readTarget(context, targetConfig(context, false));
  const { loaded } = await preview(context, target, (text) => Promise.resolve(text));
  const read = await readAll(context, flags);
  const movable = read.flatMap(({ plan }) => plan?.entries.filter(isMovable) ?? []);
  const uses = movable.flatMap(({ uses, entry }) => uses.map((use) => ({ use, server: entry.name })));
  const naming = nameCredentials(uses, loaded, uses.length === 0 ? [] : await storedKeys(loaded));
  const secrets = [...naming.credentials.keys()];
  const launcher = ownLauncher(context, target.path, flags.portable);
  const files = read.map((one) => plannedFile(one, { launcher, nameOf: (use) => naming.nameOf(use), secrets }));
  const needed = new Set(
    files.flatMap(({ rewritten }) => rewritten.flatMap(({ plan }) => plan.uses.map(({ secret }) => secret))),
  );
  const credentials = [...naming.credentials].flatMap(([secret, one]) => (needed.has(secret) ? [one] : []));
  return { files, target, loaded, launcher, naming, credentials, secrets };
}

/** Every value that was found, those that stay included. */
export function foundSecrets({ files }: ImportPlan): string[] {
  const keys = files.flatMap(({ plan }) => plan?.entries.flatMap((entry) => entry.keys) ?? []);
  return [...new Set(keys.map(secretOf))];
}

/** Whether keys in plain text stand in the files as they are. */
export function hasKeys({ files }: ImportPlan): boolean {
  return files.some(({ entries }) => entries.some(({ plan }) => plan.keys.length > 0));
}

/** Whether keys in plain text stand in an entry when it is rewritten, too. */
export function staysInPlainText({ plan, left }: PlannedEntry): boolean {
  if (left !== undefined || !isMovable(plan)) return plan.keys.length > 0;
  return keysThatStay(plan).length > 0;
}

interface ReadFile {
  readonly wanted: Pick<ClientText, 'path' | 'client' | 'scope'>;
  readonly plan?: FilePlan;
  readonly error?: string;
}

async function readAll(context: Context, flags: ImportFlags): Promise<ReadFile[]> {
  const files: ReadFile[] = [];
  for (const wanted of wantedFiles(context, flags)) {
    try {
      const text = await readClientText(wanted);
      if (text !== undefined) files.push({ wanted, plan: await planFile(text, flags.sure) });
      else if (flags.files.length > 0) files.push({ wanted, error: 'is not there' });
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      files.push({ wanted, error: error.message });
    }
  }
  return files;
}

function isMovable(plan: EntryPlan): plan is Movable {
  return plan.action === 'run' || plan.action === 'connect';
}

function plannedFile({ wanted, plan, error }: ReadFile, options: Parameters<typeof rewriteEntries>[3]): PlannedFile {
  const { path, scope } = wanted;
  const client = plan?.file.client ?? wanted.client;
  const common = { path, scope, title: client === undefined ? 'MCP client' : clientShapes[client].title, error, plan };
  if (plan === undefined) return { ...common, text: '', entries: [], rewritten: [] };
  const { text, rewritten, left } = rewriteEntries(
    plan.file.text,
    plan.format,
    plan.entries.filter(isMovable),
    options,
  );
  const entries = plan.entries
    .filter(({ keys, notes }) => keys.length > 0 || notes.length > 0)
    .map((each) => ({
      plan: each,
      left: each.action === 'left' ? each.reason : isMovable(each) ? left.get(each) : undefined,
    }));
  return { ...common, text, entries, rewritten };
}
