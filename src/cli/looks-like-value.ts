import { recognizeKey } from '../catalog/index.js';
import { usageError } from './command-error.js';
import { noValues } from './command.js';

/** Whether a name is more likely a key that was put in the wrong place. */
export function looksLikeValue(text: string): boolean {
  if (recognizeKey(text) !== undefined || text.length > 100) return true;
  return text.split(/[^A-Za-z0-9]/).some((run) => run.length >= 20 && /\d/.test(run) && /[A-Za-z]/.test(run));
}

/** @throws CommandError 2, not repeating it, for a name that looks like a value */
export function assertName(name: string): void {
  if (name === '') throw usageError('a name must not be empty');
  if (looksLikeValue(name)) throw usageError(`what stands for the name looks like a key: ${noValues}`);
}

/** A name as messages may repeat it. */
export function shownName(name: string): string {
  return looksLikeValue(name) ? 'that name' : `"${name}"`;
}
