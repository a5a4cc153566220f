import { clientByRoot, clientShapes, type ClientShape } from '../../mcp-clients/client-shapes.js';
import { DocumentError, plainValue, type DocumentFormat } from '../../mcp-clients/document/document-node.js';
import { openFormat } from '../../mcp-clients/document/open-format.js';
import type { EntryPlan } from '../../mcp-clients/entry-plan.js';
import { planEntry } from '../../mcp-clients/plan-entry.js';
import { serverEntries } from '../../mcp-clients/server-entry.js';
import { CommandError } from '../command-error.js';
import type { ClientText } from './client-text.js';

/** What is to be done in one file. */
export interface FilePlan {
  readonly file: ClientText;
  readonly format: DocumentFormat;
  readonly shape: ClientShape;
  readonly entries: readonly EntryPlan[];
}

/** Reads the servers of a file, and says what becomes of each. @throws CommandError for a file that is malformed or no client's */
export async function planFile(file: ClientText, sureOnly: boolean): Promise<FilePlan> {
  const format = await openFormat(file.format);
  const root = parsed(format, file.text);
  const client = file.client ?? clientByRoot(plainValue(root));
  if (client === undefined)
    throw new CommandError('has no servers of a known client: say whose file it is with --client');
  const shape = clientShapes[client];
  const entries: EntryPlan[] = [];
  for (const entry of serverEntries(root, shape)) entries.push(await planEntry(entry, shape, sureOnly));
  return { file: { ...file, client }, format, shape, entries };
}

function parsed(format: DocumentFormat, text: string) {
  try {
    return format.parse(text);
  } catch (error) {
    if (error instanceof DocumentError) throw new CommandError(`is ${error.message}`);
    throw error;
  }
}
