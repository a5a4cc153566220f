import type { CommandStoreOptions } from '../command.js';

type Preset = Pick<CommandStoreOptions, 'command' | 'args' | 'firstLineOnly'>;

/**
 * The command lines of well-known helpers, as options for `commandStore`. Each asks for one entry by its name.
 *
 * @example
 * commandStore(commandPresets.op({ vault: 'dev' }));
 */
export const commandPresets = {
  /** 1Password: `op read op://VAULT/NAME/FIELD`; `field` defaults to `credential`. */
  op: ({ vault, field = 'credential' }: { vault: string; field?: string }): Preset => ({
    command: 'op',
    args: ['read', `op://${vault}/{name}/${field}`],
  }),
  /** The standard Unix password manager: the first line of `pass show PREFIX/NAME`. */
  pass: ({ prefix = '' }: { prefix?: string } = {}): Preset => ({
    command: 'pass',
    args: ['show', `${prefix}{name}`],
    firstLineOnly: true,
  }),
  /** The GitHub command line: the name is the host, such as `github.com`. */
  gh: (_options: Record<never, never> = {}): Preset => ({
    command: 'gh',
    args: ['auth', 'token', '--hostname', '{name}'],
  }),
  /** AWS Secrets Manager through its command line. */
  aws: ({ profile, region }: { profile?: string; region?: string } = {}): Preset => ({
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
  gcloud: ({ project }: { project?: string } = {}): Preset => ({
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
  security: ({ account }: { account?: string } = {}): Preset => ({
    command: 'security',
    args: ['find-generic-password', '-w', '-s', '{name}', ...(account === undefined ? [] : ['-a', account])],
  }),
  /** The Secret Service of a Linux desktop, by one attribute; default `service`. */
  'secret-tool': ({ attribute = 'service' }: { attribute?: string } = {}): Preset => ({
    command: 'secret-tool',
    args: ['lookup', attribute, '{name}'],
  }),
} as const;
