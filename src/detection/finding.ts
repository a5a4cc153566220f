/** How sure a finding is, the surest first. */
export type Certainty =
  /** The format says that a secret stands there. */
  | 'declared'
  /** The variable, header, query parameter or host is that of a provider of the catalog. */
  | 'catalog'
  /** It has the published form of a key. */
  | 'shape'
  /** Its name is one for secrets, and it looks random: unsure. */
  | 'name';

/** A key in plain text. */
export interface Finding {
  /** Where the key itself begins in the text, in UTF-16 units: schemes, names and template text stand before it. */
  readonly start: number;
  readonly end: number;
  /** Name of the catalog's provider. */
  readonly provider?: string;
  /** What was recognised, where that is not all in the provider. */
  readonly rule?: string;
  readonly certainty: Certainty;
}

/** Where a value stands. */
export interface ValueContext {
  /** Of the variable, header, query parameter or flag. */
  readonly name?: string;
  /** Of the URL or server that it goes to. */
  readonly host?: string;
  /** Whether the format says that it is a secret. */
  readonly declared?: boolean;
  readonly place: 'env' | 'argument' | 'header' | 'query' | 'path' | 'userinfo' | 'text';
}

/** Findings without those that overlap a surer one, or a longer one as sure, in the order of the text. */
export function withoutOverlaps(findings: readonly Finding[]): Finding[] {
  const order: Certainty[] = ['declared', 'catalog', 'shape', 'name'];
  const rank = ({ certainty, provider }: Finding) => order.indexOf(certainty) * 2 + (provider === undefined ? 1 : 0);
  const kept: Finding[] = [];
  const sorted = [...findings].sort((a, b) => rank(a) - rank(b) || b.end - b.start - (a.end - a.start));
  for (const finding of sorted) {
    if (!kept.some(({ start, end }) => finding.start < end && start < finding.end)) kept.push(finding);
  }
  return kept.sort((a, b) => a.start - b.start);
}
