/*
 * The rules of secretlint's recommended preset, run without its core: that one builds a message with the key in it for each
 * match, keeps performance marks of every file for as long as the process lives, and takes ten times as long to load.
 */

/** What a rule found: the key, and where it stands. */
interface RuleMatch {
  readonly start: number;
  readonly end: number;
  /** `github-token` */
  readonly rule: string;
}

interface Source {
  readonly content: string;
  readonly contentType: 'text';
  readonly ext: string;
  readonly filePath: string | undefined;
  hasBOM: boolean;
}

interface Report {
  readonly range: readonly [number, number];
  readonly message: Translated;
}

interface Translated {
  readonly messageId: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface RuleContext {
  readonly sharedOptions: object;
  createTranslator(messages: unknown): (messageId: string, data?: Record<string, unknown>) => Translated;
  report(report: Report): void;
  ignore(): void;
}

interface Rule {
  readonly meta: { readonly id: string; readonly type: string };
  create(context: RuleContext, options: object): { file?(source: Source): void | Promise<void> };
}

/**
 * Rules that report more than a key: whole files, whole addresses (the password in one is found apart), comments that
 * switch off rules, and, of npm's, whatever stands on a line.
 */
const left = /-(?:gcp|basicauth|database-connection-string|filter-comments)$/;

let loaded: Promise<readonly Rule[]> | undefined;

function loadRules(): Promise<readonly Rule[]> {
  loaded ??= import('@secretlint/secretlint-rule-preset-recommend').then(({ rules }) =>
    (rules as unknown as readonly Rule[]).filter(({ meta }) => meta.type === 'scanner' && !left.test(meta.id)),
  );
  return loaded;
}

/** The keys in a text, by the published forms that the rule set knows. */
export async function matchRules(text: string): Promise<RuleMatch[]> {
  const matches: RuleMatch[] = [];
  const context: RuleContext = {
    sharedOptions: {},
    createTranslator:
      () =>
      (messageId, data = {}) => ({ messageId, data }),
    ignore: () => undefined,
    report: ({ range, message }) => {
      matches.push({ ...spanOf(text, range, message), rule: ruleName(message.messageId) });
    },
  };
  const source: Source = { content: text, contentType: 'text', ext: '', filePath: undefined, hasBOM: false };
  for (const rule of await loadRules()) await rule.create(context, {}).file?.(source);
  return matches;
}

/** The key itself, which the message's data repeat: some ranges begin at the name before it. */
function spanOf(
  text: string,
  [start, end]: readonly [number, number],
  { data }: Translated,
): { start: number; end: number } {
  for (const value of Object.values(data)) {
    if (typeof value !== 'string' || value.length < 8) continue;
    const at = text.indexOf(value, start);
    if (at !== -1 && at - start < 200) return { start: at, end: at + value.length };
  }
  return { start, end };
}

/** `GITHUB_TOKEN`, `AWSSecretAccessKey` */
function ruleName(messageId: string): string {
  return messageId
    .replace(/([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, '$1$3-$2')
    .replace(/[_-]+/g, '-')
    .toLowerCase();
}
