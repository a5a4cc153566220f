import { judgeText, withoutOverlaps, type Certainty, type Finding } from '../detection/index.js';
import { Secret } from '../secret.js';
import type { StoredFinding, StoredValues } from './stored-values.js';

/** A key that stands somewhere in plain text. The value itself is for whoever must not say it. */
export interface FoundKey {
  /** Counted from 1, columns in UTF-16 units. */
  readonly line: number;
  readonly column: number;
  readonly endColumn: number;
  readonly provider?: string;
  readonly rule?: string;
  readonly certainty: Certainty | 'stored';
  /** The stored credential that it is. */
  readonly credential?: string;
  /** A guess by name alone, where code may stand as well. */
  readonly unsure: boolean;
  readonly secret: Secret;
}

interface ScanTextOptions {
  /** What was found by the document's form; text is read in addition. */
  readonly placed?: readonly Finding[];
  /** Whether the file is made for settings: then a name and something random under it are a key. */
  readonly settings?: boolean;
  readonly stored?: StoredValues;
}

interface ScannedText {
  /** With where each begins. */
  readonly keys: readonly (FoundKey & { readonly start: number })[];
  /** How many a comment said to leave. */
  readonly silenced: number;
}

type Candidate = Finding & { readonly placed?: boolean } & Partial<Pick<StoredFinding, 'credential' | 'secret'>>;

/** The keys in a text. A line that says `claviger:allow`, or one below `claviger:allow-next-line`, is left out. */
export async function scanText(text: string, options: ScanTextOptions = {}): Promise<ScannedText> {
  const { placed = [], settings = false, stored } = options;
  const found: Candidate[] = [
    ...placed.map((finding) => ({ ...finding, placed: true })),
    ...(await judgeText(text)).map((finding) => ({ ...finding, placed: settings })),
  ];
  const candidates = withStored(withoutOverlaps(found), stored?.find(text) ?? []);
  if (candidates.length === 0) return { keys: [], silenced: 0 };
  const lines = lineStarts(text);
  const keys = candidates.map((candidate) => keyOf(text, lines, candidate));
  const heard = keys.filter(({ line }) => !isAllowed(text, lines, line));
  return { keys: heard, silenced: keys.length - heard.length };
}

/** A stored value is surer than anything, and keeps what else was seen of it. */
function withStored(findings: readonly Candidate[], stored: readonly Candidate[]): Candidate[] {
  const overlapping = (one: Candidate) => findings.find(({ start, end }) => start < one.end && one.start < end);
  const known = stored.map((one) => {
    const { provider } = overlapping(one) ?? {};
    return { ...one, ...(provider !== undefined && { provider }) };
  });
  const others = findings.filter((one) => !stored.some(({ start, end }) => one.start < end && start < one.end));
  return [...known, ...others].sort((a, b) => a.start - b.start);
}

function keyOf(text: string, lines: readonly number[], candidate: Candidate): FoundKey & { start: number } {
  const { start, end, provider, rule, credential, certainty, placed = false } = candidate;
  const line = lineOf(lines, start);
  const lineEnd = (lines[line] ?? text.length + 1) - 1;
  const before = lines[line - 1] ?? 0;
  return {
    start,
    line,
    column: start - before + 1,
    endColumn: Math.min(end, lineEnd) - before + 1,
    ...(provider !== undefined && { provider }),
    ...(rule !== undefined && { rule }),
    certainty: credential === undefined ? certainty : 'stored',
    ...(credential !== undefined && { credential }),
    unsure: credential === undefined && certainty === 'name' && !placed,
    secret: candidate.secret ?? secretOf(text.slice(start, end)),
  };
}

/** A key of several lines is told by its first ones run together: a secret has no line ends. */
function secretOf(value: string): Secret {
  return Secret.from(value.replace(/[\r\n\0]+/g, ' '));
}

function isAllowed(text: string, lines: readonly number[], line: number): boolean {
  const lineText = (number: number) => text.slice(lines[number - 1] ?? 0, lines[number] ?? text.length);
  if (/claviger:allow(?!-)/.test(lineText(line))) return true;
  return line > 1 && lineText(line - 1).includes('claviger:allow-next-line');
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** By bisection: the number of starts at or before a place. */
function lineOf(starts: readonly number[], at: number): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}
