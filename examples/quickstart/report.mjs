// What the quickstart prints, and how it searches for the key afterwards.
import { readdirSync, readFileSync } from 'node:fs';
import { expectNoLeak } from 'claviger/testing';

const printed = [];

export function title(text) {
  print(`\n${text}`);
}

export function say(what, value) {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const shown = text.includes('\n') ? `\n      ${text.replaceAll('\n', '\n      ')}` : ` ${text}`;
  print(`   ${what}:${shown}`);
}

/** Everything that was printed so far. */
say.everything = () => printed.join('\n');

function print(line) {
  printed.push(line);
  console.log(line);
}

export const sweep = {
  /** Throws if the key stands in any of these values, in any encoding. */
  texts(values, key) {
    expectNoLeak(values, key);
  },

  files(directory, key) {
    expectNoLeak({ file: directory }, key);
  },

  /** Who holds the key on this machine, among the processes that we may look at. */
  processes(key) {
    const found = { own: [], commandLines: [], others: [] };
    if (process.platform !== 'linux') return found;
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      if (read(`/proc/${pid}/cmdline`).includes(key)) found.commandLines.push(pid);
      if (!read(`/proc/${pid}/environ`).includes(key)) continue;
      if (Number(pid) === process.pid) found.own.push('environ');
      else
        found.others.push(`environ of ${read(`/proc/${pid}/cmdline`).includes('mcp-server') ? 'the MCP server' : pid}`);
    }
    return found;
  },
};

function read(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // gone meanwhile, or somebody else's
  }
}
