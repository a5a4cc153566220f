import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { root } from '../support/built.js';

const readme = readFileSync(new URL('README.md', root), 'utf8');
const snippets = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = ''], index) => ({
  path: fileURLToPath(new URL(`test/package/readme-snippet-${index + 1}.ts`, root)),
  code: `${code}\nexport {};\n`,
}));

describe('the README', () => {
  test('has snippets that compile against the built package', () => {
    expect(snippets.length).toBeGreaterThan(3);
    expect(problemsOf(snippets)).toEqual([]);
  }, 60_000);

  test('notices a snippet that does not compile', () => {
    const [first] = snippets;
    const broken = { path: first?.path ?? '', code: "import { noSuchThing } from 'claviger';\nnoSuchThing();" };
    expect(problemsOf([broken]).join()).toContain('noSuchThing');
  }, 60_000);
});

/** Compiles texts as if they were files of this project: the package imports itself by its name. */
function problemsOf(files: typeof snippets): string[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    types: ['node'],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  const virtual = (path: string) => files.find((file) => file.path === path)?.code;
  host.fileExists = (path) => virtual(path) !== undefined || fileExists(path);
  host.readFile = (path) => virtual(path) ?? readFile(path);
  host.getSourceFile = (path, version, ...rest) => {
    const code = virtual(path);
    return code === undefined ? getSourceFile(path, version, ...rest) : ts.createSourceFile(path, code, version);
  };
  const program = ts.createProgram(
    files.map(({ path }) => path),
    options,
    host,
  );
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ file, messageText }) => `${file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
}
