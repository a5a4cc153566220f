import { findShapes } from './find-shapes.js';
import { withoutOverlaps, type Finding } from './finding.js';
import { judgePart } from './judge-value.js';
import { namedValues } from './named-values.js';
import { looksRandom } from './random-text.js';
import { splitUrl } from './split-url.js';
import { splitValue } from './split-value.js';

/**
 * The keys in a text of any kind: by their form anywhere, by name where something is assigned or follows a flag, and in
 * addresses. Where code may stand, only what looks random can be a value.
 */
export async function judgeText(text: string): Promise<Finding[]> {
  const found = await findShapes(text);
  for (const { start, end, context } of namedValues(text)) {
    const value = text.slice(start, end);
    for (const part of await splitValue(value, context)) found.push(...moved(judgePart(value, part), start));
  }
  for (const { index, 0: matched } of text.matchAll(addresses)) {
    if (!/[@=]/.test(matched)) continue;
    const address = matched.replace(/[.,;:!]+$/, '');
    const parts = splitUrl(address, { place: 'text' }) ?? [];
    const keys = parts.filter(({ context: { place } }) => place !== 'path').flatMap((part) => judgePart(address, part));
    found.push(...moved(keys, index));
  }
  return withoutOverlaps(found.flatMap((finding) => believed(finding, text)));
}

/** Braces and brackets end an address here: in code they are a template's, in prose the sentence's. */
const addresses = /(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,30}:\/\/[^\s"'`<>\\^{}|()[\]]{4,2048}/g;

const moved = (findings: readonly Finding[], by: number): Finding[] =>
  findings.map((finding) => ({ ...finding, start: finding.start + by, end: finding.end + by }));

/** A form speaks for itself; a name may have a variable behind it, and a password in an address may be an example's. */
function believed(finding: Finding, text: string): Finding[] {
  const { start, end, certainty, rule } = finding;
  if (rule === 'unknown-scheme') return [];
  const random = looksRandom(text.slice(start, end));
  if (rule === 'password-in-address') return random ? [finding] : [{ ...finding, certainty: 'name' }];
  return random || certainty === 'shape' ? [finding] : [];
}
