import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';

const source = new URL('../../src/', import.meta.url);

/** Programs of their own that use this package's sources: to be killed, sent signals, and watched from outside. */
export interface HostPrograms {
  /** Runs module code in which `from` is the directory of the compiled sources. */
  start(code: (from: string) => string, env: Record<string, string>): ChildProcessWithoutNullStreams;
  remove(): void;
}

/** Compiles some folders of `src/`, with what stands beside them, into a directory of its own. */
export function hostPrograms(...folders: string[]): HostPrograms {
  const directory = mkdtempSync(join(tmpdir(), 'claviger-host-'));
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  for (const folder of ['', ...folders]) {
    mkdirSync(join(directory, folder), { recursive: true });
    const files = readdirSync(new URL(`${folder}/`.replace(/^\//, ''), source)).filter((name) => name.endsWith('.ts'));
    for (const name of files) {
      const code = readFileSync(new URL(join(folder, name), source), 'utf8');
      const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true };
      const compiled = ts.transpileModule(code, { compilerOptions: options }).outputText;
      writeFileSync(join(directory, folder, name.replace(/\.ts$/, '.js')), compiled);
    }
  }
  let count = 0;
  return {
    start: (code, env) => {
      const file = join(directory, `program-${String((count += 1))}.js`);
      writeFileSync(file, code(directory));
      return spawn(process.execPath, [file], { env, stdio: 'pipe' });
    },
    remove: () => {
      rmSync(directory, { recursive: true });
    },
  };
}
