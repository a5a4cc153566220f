/** Names as clients write them: `GITHUB_TOKEN`, `user_config.key`, `secrets.KEY`. */
const name = '[A-Za-z_][A-Za-z0-9_.-]*';

/** A reference of its own: what is left of it is a name or an expression, never a value. */
const whole = new RegExp(
  '^(?:' +
    [
      `\\$\\{(?:(?:env|input):)?${name}(?::?-(?<default>(?:[^{}]|\\$\\{[^{}]*\\})*))?\\}`, // ${NAME} ${NAME:-default} ${env:NAME} ${input:id}
      '\\$\\{\\{[^{}]*\\}\\}|\\{\\{[^{}]*\\}\\}', // ${{ secrets.NAME }} {{ NAME }}
      '\\$\\((?!\\s*\\))[^]*\\)', // $(command)
      `\\$env:${name}|\\{env:${name}\\}`,
      '\\$[A-Za-z_][A-Za-z0-9_]*',
      '%[A-Za-z_][A-Za-z0-9_]*%',
      '(?:op|bw|keychain|se)://.+|ref\\+[A-Za-z0-9+.-]*://.+',
      `env:${name}`,
      'file:.+',
      '__encrypted__:.*', // a client's own ciphertext
    ].join('|') +
    ')$',
  's',
);

/** Schemes of addresses, which are judged by their parts; others with `://` are somebody's way to name a secret. */
const addresses =
  /^(?:https?|wss?|s?ftps?|ssh|git|unix|pipe|socks[45]?h?|ldaps?|smtps?|imaps?|amqps?|mqtts?|nats|kafka|redis(?:s)?|jdbc:[a-z]+|(?:postgres(?:ql)?|mysqlx?|mariadb|mongodb|mssql|sqlserver|oracle|clickhouse|cockroachdb|neo4j|bolt|cassandra|couchdb|elasticsearch|snowflake|s3|gs|data|about|chrome|vscode|cursor)(?:\+[a-z0-9]+)*):\/\//i;

const scheme = /^[A-Za-z][A-Za-z0-9._-]{1,30}\s+(?=\S)/;

/**
 * Whether a text names a secret instead of holding one: `${NAME}`, `$NAME`, `%NAME%`, `op://…`, also after a scheme
 * such as `Bearer`. False for `${NAME:-default}` with a default that could be a key itself: judge that.
 */
export function isReference(text: string): boolean {
  const reference = withoutScheme(text.trim());
  const match = whole.exec(reference);
  if (match === null) return false;
  const fallback = match.groups?.['default']?.trim() ?? '';
  return fallback === '' || isReference(fallback);
}

/** Where the default stands in `${NAME:-default}`; undefined for anything else. */
export function referenceDefault(text: string): { start: number; end: number } | undefined {
  const match = /^(\s*\$\{[A-Za-z_][A-Za-z0-9_.-]*:?-)((?:[^{}]|\$\{[^{}]*\})+)\}\s*$/.exec(text);
  if (match === null) return undefined;
  const [, before = '', content = ''] = match;
  return { start: before.length, end: before.length + content.length };
}

/** Whether a reference stands somewhere in the text: the rest is a template then, and no key. */
export function holdsReference(text: string): boolean {
  return /\$\{[^}]*\}|\$\([^)]*\)|\{env:[^}]*\}|\{\{[^{}]*\}\}|\$env:\w|__encrypted__:/.test(text) || isReference(text);
}

/** Whether a text is `scheme://…` of a kind that is neither an address nor known to name secrets. */
export function isUnknownScheme(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(text) && !addresses.test(text) && !isReference(text);
}

function withoutScheme(text: string): string {
  return text.startsWith('$(') ? text : text.replace(scheme, '');
}
