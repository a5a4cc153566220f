import type { Finding } from '../detection/index.js';
import { createRedactor } from '../redaction/redactor.js';
import type { Secret } from '../secret.js';

/** Where a stored value stands, and whose. */
export interface StoredFinding extends Finding {
  readonly credential: string;
  readonly secret: Secret;
}

/** Looks for values that are stored, whatever stands around them. */
export interface StoredValues {
  find(text: string): StoredFinding[];
}

/** @param secrets Those under 8 characters can't be told from ordinary text and are not looked for. */
export function storedValues(secrets: readonly { name: string; secret: Secret }[]): StoredValues {
  const all = createRedactor();
  const each = secrets
    .filter(({ secret }) => secret.reveal().length >= 8)
    .map(({ name, secret }) => {
      all.add(secret);
      const redactor = createRedactor();
      redactor.add(secret);
      return { name, secret, redactor };
    });
  return {
    find(text) {
      if (all.size === 0 || all.text(text) === text) return [];
      return each.flatMap(({ name, secret, redactor }) =>
        redactor.text(text) === text ? [] : placesOf(text, secret, (line) => redactor.text(line), name),
      );
    },
  };
}

/** As it is; and on lines where that is not to be seen, encoded: in base64, percent-encoded and the like. */
function placesOf(text: string, secret: Secret, redact: (text: string) => string, credential: string): StoredFinding[] {
  const value = secret.reveal();
  const common = { certainty: 'declared', credential, secret } as const;
  const found: StoredFinding[] = [];
  for (let start = text.indexOf(value); start !== -1; start = text.indexOf(value, start + value.length)) {
    found.push({ ...common, start, end: start + value.length });
  }
  let lineStart = 0;
  for (const line of text.split('\n')) {
    if (!line.includes(value)) {
      const redacted = redact(line);
      if (redacted !== line) {
        const start = lineStart + commonStart(line, redacted);
        const end = lineStart + line.length - commonStart(reversed(line), reversed(redacted));
        found.push({ ...common, start, end: Math.max(start + 1, end), rule: 'encoded' });
      }
    }
    lineStart += line.length + 1;
  }
  return found;
}

function commonStart(a: string, b: string): number {
  let length = 0;
  while (length < a.length && length < b.length && a.charAt(length) === b.charAt(length)) length += 1;
  return length;
}

const reversed = (text: string) => Array.from(text).reverse().join('');
