import type { ClientShape } from './client-shapes.js';
import type { Change } from './document/change.js';
import { pairOf } from './document/document-node.js';
import { secretOf, type FoundKey } from './entry-keys.js';
import { LeftAsItIs, type KeyUse, type NameOf } from './entry-plan.js';
import { markerOf } from '../placement/marker.js';
import type { Launcher } from './launcher-entry.js';
import { envAdditions } from './rewrite-entry.js';
import { launchedWords, type LaunchedWords } from './launched-words.js';
import type { Located, ServerEntry } from './server-entry.js';

/** A server process with its keys taken out: `mcp run` in front, and behind it what was there. */
interface RunPlan {
  readonly uses: readonly KeyUse[];
  changes(launcher: Launcher, nameOf: NameOf): readonly Change[];
}

/** @throws LeftAsItIs */
export function planRun(entry: ServerEntry, keys: readonly FoundKey[], shape: ClientShape): RunPlan {
  const variables = entry.env.flatMap((variable) => variableWith(variable, keys));
  const words = launchedWords(entry, keys);
  const inEnv = [...variables.map(({ use }) => use), ...words.variables.map(({ use }) => use)];
  assertOneEach(inEnv);
  return {
    uses: [...inEnv, ...words.uses],
    changes(launcher, nameOf) {
      const head = [...launcher.prefix, 'mcp', 'run', ...launcher.options];
      for (const use of inEnv) head.push('--env', `${use.variable ?? ''}=${nameOf(use)}`);
      for (const name of new Set(words.uses.map(nameOf))) head.push('--arg', `{}=${name}`);
      const templates = words.variables.flatMap(({ use, template }) =>
        template === undefined ? [] : [[use.variable ?? '', filled(template, [use], nameOf)]],
      );
      return [
        ...commandChanges(entry, shape, { words, head: [...head, '--'], command: launcher.command, nameOf }),
        ...envAdditions(entry, shape, {
          ...launcher.env,
          ...(Object.fromEntries(templates) as Record<string, string>),
        }),
        ...variables.map(({ variable, use }): Change => {
          const path = [...entry.path, ...variable.path];
          if (variable.value === use.secret) return { kind: 'remove', path };
          return { kind: 'set', path, value: filled(variable.value, [use], nameOf) };
        }),
      ];
    },
  };
}

/** A text with a marker for each key in it. */
function filled(text: string, uses: readonly KeyUse[], nameOf: NameOf): string {
  return uses.reduce((rest, use) => rest.replaceAll(use.secret, markerOf(nameOf(use))), text);
}

function variableWith(variable: Located, keys: readonly FoundKey[]): { variable: Located; use: KeyUse }[] {
  const name = String(variable.path.at(-1));
  const inIt = keys.filter(({ path }) => path.join('\0') === variable.path.join('\0'));
  const [key] = inIt;
  if (key === undefined) return [];
  const secret = secretOf(key);
  if (inIt.some((other) => secretOf(other) !== secret)) throw new LeftAsItIs(`several keys stand in ${name}`);
  if (/^\s*\$\{[^}]*-/.test(variable.value)) {
    throw new LeftAsItIs(
      `the key is the default of a reference in ${name}: take the default out, and add the key by hand`,
    );
  }
  if (/[\\"]/.test(secret)) throw new LeftAsItIs(`the key in ${name} is written with escapes`);
  return [{ variable, use: { key, secret, variable: name } }];
}

function assertOneEach(uses: readonly KeyUse[]): void {
  for (const [index, { variable, secret }] of uses.entries()) {
    const other = uses.slice(0, index).find((each) => each.variable === variable);
    if (other !== undefined && other.secret !== secret) {
      throw new LeftAsItIs(`${variable ?? 'a variable'} is given two different keys`);
    }
  }
}

interface CommandRewrite {
  readonly words: LaunchedWords;
  readonly head: readonly string[];
  readonly command: string;
  readonly nameOf: NameOf;
}

function commandChanges(entry: ServerEntry, shape: ClientShape, rewrite: CommandRewrite): Change[] {
  const { words, head, command, nameOf } = rewrite;
  const texts = words.words.map(({ text, uses }) => filled(text, uses, nameOf));
  const at = (...path: (string | number)[]) => [...entry.path, ...path];
  const isList = shape.args === undefined;
  const list = shape.args ?? shape.command;
  const existing = pairOf(entry.node, list)?.value;
  if (existing !== undefined && existing.kind !== 'list') throw new LeftAsItIs(`"${list}" is no list`);
  const setCommand: Change[] = isList ? [] : [{ kind: 'set', path: at(shape.command), value: command }];
  const whole = isList ? [command, ...head, ...texts] : [...head, ...texts];
  if (existing === undefined) {
    return [...setCommand, { kind: 'add', path: at(), after: shape.command, key: list, value: whole }];
  }
  if (words.regrouped) return [...setCommand, { kind: 'set', path: at(list), value: whole }];
  // Item by item, so that what stands between them stays.
  const items = words.words.flatMap(({ path, uses }, index): Change[] =>
    uses.length === 0 || path === undefined ? [] : [{ kind: 'set', path: at(...path), value: texts[index] ?? '' }],
  );
  const changed = words.words.flatMap(({ path, original, text }, index): Change[] =>
    original === text || path === undefined || words.words[index]?.uses.length !== 0
      ? []
      : [{ kind: 'set', path: at(...path), value: text }],
  );
  const before = isList ? [command, ...head] : [...head, texts[0] ?? ''];
  const inArgs = [...items, ...changed].filter(({ path }) => isList || path.at(-1) !== shape.command);
  return [...inArgs, { kind: 'prepend', path: at(list), values: before }, ...setCommand];
}
