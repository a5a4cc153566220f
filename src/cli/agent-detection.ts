import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/**
 * Variables that coding agents set for the commands they run, and `CI`. Those that people set to configure an agent
 * (`CODEX_HOME`, `CLAUDE_CODE_USE_…`) and those that an editor sets for people as well (`CURSOR_TRACE_ID`) are not among them.
 */
const variables: readonly RegExp[] = [
  /^(AI_AGENT|AGENT)$/, // proposed for all agents; OpenCode, Goose and Amp set the second
  /^(CLAUDECODE|CLAUDE_CODE|CLAUDE_CODE_(ENTRYPOINT|SESSION_ID|IS_COWORK))$/,
  /^CURSOR_AGENT$/,
  /^(GEMINI_CLI|QWEN_CODE|ANTIGRAVITY_AGENT)$/,
  /^CODEX_(?!HOME$)/,
  /^(OPENCODE|OPENCODE_CLIENT)$/,
  /^(COPILOT_CLI|COPILOT_AGENT|COPILOT_AGENT_SESSION_ID)$/,
  /^(AUGMENT_AGENT|AMP_CURRENT_THREAD_ID|CLINE_ACTIVE|GOOSE_TERMINAL|PI_CODING_AGENT|REPL_ID)$/,
  /^(CI|GITHUB_ACTIONS|GITLAB_CI|BUILDKITE|JENKINS_URL|TF_BUILD)$/,
];

/** Programs that are agents, as they appear among the ancestors of a process. */
const programs = new Set(
  (
    'claude claude-code codex cursor-agent gemini qwen opencode copilot aider goose amp crush droid auggie cline devin ' +
    'openhands plandex kiro-cli qchat junie'
  ).split(' '),
);

/** The packages of those that run as `node …/cli.js`. */
const packages =
  /@(anthropic-ai\/claude-code|openai\/codex|google\/gemini-cli|qwen-code\/qwen-code|github\/copilot|sourcegraph\/amp|augmentcode\/auggie)\b|\bopencode-ai\b/;

/** An ancestor of ours: its name and its command line. */
export interface Ancestor {
  readonly name: string;
  readonly args: readonly string[];
}

/**
 * What says that an agent or a build runs this command, in words; undefined where nothing does. This is a guard against a
 * slip, not a wall: whatever runs as a user can pretend to be that user.
 */
export function detectAgent(
  env: NodeJS.ProcessEnv,
  ancestors: readonly Ancestor[] = ancestorsOf(),
): string | undefined {
  const variable = Object.keys(env).find((name) => isOn(env[name]) && variables.some((pattern) => pattern.test(name)));
  if (variable !== undefined) return `the variable ${variable} is set`;
  if (/amazonq/i.test(env['AWS_EXECUTION_ENV'] ?? '')) return 'the variable AWS_EXECUTION_ENV names one';
  const agent = ancestors.map(agentIn).find((name) => name !== undefined);
  return agent === undefined ? undefined : `it was started by ${agent}`;
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && !/^(0|false|no|off)?$/i.test(value);
}

function agentIn({ name, args }: Ancestor): string | undefined {
  // An interpreter's own name comes first, then its script; what follows is no program.
  const words = [name, ...args.slice(0, 2).map((word) => basename(word).replace(/\.(exe|c?m?js|py)$/, ''))];
  return words.find((word) => programs.has(word)) ?? packages.exec(args.slice(0, 3).join(' '))?.[0];
}

/** The processes above this one, nearest first. Only Linux tells them by reading alone. */
function ancestorsOf(): Ancestor[] {
  const found: Ancestor[] = [];
  try {
    for (let pid = process.ppid; pid > 0 && found.length < 64;) {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, 4);
      found.push({ name: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')), args });
      pid = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    }
  } catch {
    // no /proc, or one that hides what is above
  }
  return found;
}
