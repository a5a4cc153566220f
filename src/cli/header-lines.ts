import { usageError } from './command-error.js';

/** The headers of `-H 'Name: value'`. */
export function headersOf(lines: readonly string[]): Headers {
  const headers = new Headers();
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^:]+):(.*)$/s.exec(line) ?? [];
    try {
      headers.append(name.trim(), value.trim());
    } catch {
      throw usageError("a header reads -H 'Name: value'"); // the message of the platform repeats the value
    }
  }
  return headers;
}
