import { usageError } from './command-error.js';

/** A date of `--expires`: `2027-01-01`, which is its first moment in UTC, or a whole ISO 8601 time with a zone. */
export function parseExpiry(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const known = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text);
  const date = new Date(text);
  // A day that no month has would roll over to the next one.
  const rolled =
    !text.includes('T') && known && !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) !== text;
  if (!known || Number.isNaN(date.getTime()) || rolled) {
    throw usageError('--expires takes a date, 2027-01-01, or a time with its zone, 2027-01-01T12:00:00Z');
  }
  if (date.getTime() <= Date.now()) throw usageError('--expires lies in the past: nothing was stored');
  return date;
}
