import type { Verbs } from './verb.js';

/** Every command, in the order of the help. */
export const verbs: Verbs = {
  init: { summary: 'make the encrypted store', load: async () => (await import('./commands/init.js')).init },
  add: { summary: 'define a provider and store its key', load: async () => (await import('./commands/add.js')).add },
  set: { summary: 'store a new version of a key', load: async () => (await import('./commands/set.js')).set },
  ls: { summary: 'list credentials', load: async () => (await import('./commands/ls.js')).ls },
  show: {
    summary: 'show one credential, never its value',
    load: async () => (await import('./commands/show.js')).show,
  },
  rm: { summary: 'remove a key', load: async () => (await import('./commands/rm.js')).rm },
  revoke: { summary: 'mark a key as revoked', load: async () => (await import('./commands/revoke.js')).revoke },
  reveal: {
    summary: 'show one key to the person at the terminal',
    load: async () => (await import('./commands/reveal.js')).reveal,
  },
  export: {
    summary: 'write all keys into one encrypted file',
    load: async () => (await import('./commands/export.js')).exportSecrets,
  },
  import: {
    summary: 'store the keys of an exported file',
    load: async () => (await import('./commands/import.js')).importSecrets,
  },
  test: {
    summary: 'tell whether keys still work, by a who-am-I request',
    load: async () => (await import('./commands/test.js')).test,
  },
  fetch: {
    summary: 'make one HTTP request with a credential',
    load: async () => (await import('./commands/fetch.js')).fetch,
  },
  run: { summary: 'run a command with credentials', load: async () => (await import('./commands/run.js')).run },
  'mcp run': {
    summary: 'run an MCP server with credentials',
    load: async () => (await import('./commands/mcp-run.js')).mcpRun,
  },
  'mcp import': {
    summary: 'move keys out of the config files of MCP clients',
    load: async () => (await import('./commands/mcp-import.js')).mcpImport,
  },
  'mcp connect': {
    summary: 'reach an MCP server over HTTP, for clients that only speak stdio',
    load: async () => (await import('./commands/mcp-connect.js')).mcpConnect,
  },
  'access apply': {
    summary: 'make products, developers and apps be those of a file',
    load: async () => (await import('./commands/access-apply.js')).accessApply,
  },
  'access issue': {
    summary: 'make a consumer key for an app',
    load: async () => (await import('./commands/access-issue.js')).accessIssue,
  },
  'access approve': {
    summary: 'approve a key, an app or a developer',
    load: async () => (await import('./commands/access-status.js')).accessApprove,
  },
  'access revoke': {
    summary: 'revoke a key, an app or a developer',
    load: async () => (await import('./commands/access-status.js')).accessRevoke,
  },
  'access ls': {
    summary: 'list products, developers, apps and keys',
    load: async () => (await import('./commands/access-ls.js')).accessLs,
  },
  'access show': {
    summary: 'show one of them',
    load: async () => (await import('./commands/access-show.js')).accessShow,
  },
  'access verify': {
    summary: 'tell whether a consumer may use a provider',
    load: async () => (await import('./commands/access-verify.js')).accessVerify,
  },
  'access token': {
    summary: 'make a short-lived token from a consumer key',
    load: async () => (await import('./commands/access-token.js')).accessToken,
  },
  doctor: {
    summary: 'tell whether everything works, and what to do where it does not',
    load: async () => (await import('./commands/doctor.js')).doctor,
  },
  audit: { summary: 'tell what was used', load: async () => (await import('./commands/audit.js')).audit },
  trust: { summary: "trust a project's config file", load: async () => (await import('./commands/trust.js')).trust },
  scan: { summary: 'find keys in plain text', load: async () => (await import('./commands/scan.js')).scan },
  providers: {
    summary: 'list well-known providers',
    load: async () => (await import('./commands/providers.js')).providers,
  },
  'config path': {
    summary: 'tell which config file is used',
    load: async () => (await import('./commands/config-path.js')).configPath,
  },
  'config schema': {
    summary: 'print the JSON Schema of the config file, for editors',
    load: async () => (await import('./commands/config-schema.js')).configSchema,
  },
  completion: {
    summary: 'print the script with which a shell completes claviger',
    load: async () => (await import('./commands/completion.js')).completion,
  },
  __complete: {
    summary: 'tell a shell what can stand at the cursor',
    hidden: true,
    load: async () => (await import('./commands/complete.js')).completeWords(verbs),
  },
};
