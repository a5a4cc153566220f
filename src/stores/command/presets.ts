/** A command line for `commandStore`. */
export interface CommandPreset {
  command: string;
  args: readonly string[];
  firstLineOnly?: boolean;
}

/**
 * The command lines of well-known helpers, as options for `commandStore`. Each asks for one entry by its name.
 *
 * @example
 * commandStore(commandPresets.op({ vault: 'dev' }));
 */
export const commandPresets = {
  /** 1Password: `op read op://VAULT/NAME/FIELD`; `field` defaults to `credential`. */
  op: ({ vault, field = 'credential' }: { vault: string; field?: string }): CommandPreset => ({
    command: 'op',
    args: ['read', `op://${vault}/{name}/${field}`],
  }),
  /** The standard Unix password manager: the first line of `pass show PREFIX/NAME`. */
  pass: ({ prefix = '' }: { prefix?: string } = {}): CommandPreset => ({
    command: 'pass',
    args: ['show', `${prefix}{name}`],
    firstLineOnly: true,
  }),
  /** The GitHub command line: the name is the host, such as `github.com`. */
  gh: (_options: Record<never, never> = {}): CommandPreset => ({
    command: 'gh',
    args: ['auth', 'token', '--hostname', '{name}'],
  }),
  /** AWS Secrets Manager through its command line. */
  aws: ({ profile, region }: { profile?: string; region?: string } = {}): CommandPreset => ({
    command: 'aws',
    args: [
      'secretsmanager',
      'get-secret-value',
      '--secret-id={name}',
      '--query=SecretString',
      '--output=text',
      ...(profile === undefined ? [] : [`--profile=${profile}`]),
      ...(region === undefined ? [] : [`--region=${region}`]),
    ],
  }),
  /** Google Secret Manager through its command line. */
  gcloud: ({ project }: { project?: string } = {}): CommandPreset => ({
    command: 'gcloud',
    args: [
      'secrets',
      'versions',
      'access',
      'latest',
      '--secret={name}',
      ...(project === undefined ? [] : [`--project=${project}`]),
    ],
  }),
  /** The macOS keychain: a generic password, by its service. */
  security: ({ account }: { account?: string } = {}): CommandPreset => ({
    command: 'security',
    args: ['find-generic-password', '-w', '-s', '{name}', ...(account === undefined ? [] : ['-a', account])],
  }),
  /** The Secret Service of a Linux desktop, by one attribute; default `service`. */
  'secret-tool': ({ attribute = 'service' }: { attribute?: string } = {}): CommandPreset => ({
    command: 'secret-tool',
    args: ['lookup', attribute, '{name}'],
  }),
} as const;
