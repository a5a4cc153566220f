import { readFileSync } from 'node:fs';
import ts from 'typescript';

function parse(file: URL): ts.SourceFile {
  return ts.createSourceFile(
    file.pathname,
    readFileSync(file, 'utf8'),
    ts.ScriptTarget.Latest,
    false,
    ts.ScriptKind.JS,
  );
}

/** What a built module imports before its first line runs; `import()` is not among it. */
function staticImports(file: URL): string[] {
  return parse(file).statements.flatMap((statement) =>
    (ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement)) &&
    statement.moduleSpecifier !== undefined &&
    ts.isStringLiteral(statement.moduleSpecifier)
      ? [statement.moduleSpecifier.text]
      : [],
  );
}

/** Everything outside the build that a built module loads with itself, each with the way to it. */
export function staticallyReached(entry: URL): Map<string, string> {
  const reached = new Map<string, string>();
  const seen = new Set<string>();
  const visit = (file: URL, way: string): void => {
    if (seen.has(file.href)) return;
    seen.add(file.href);
    for (const specifier of staticImports(file)) {
      const step = `${way} → ${specifier}`;
      if (specifier.startsWith('.')) visit(new URL(specifier, file), step);
      else reached.set(specifier, step);
    }
  };
  visit(entry, entry.pathname.slice(entry.pathname.lastIndexOf('/') + 1));
  return reached;
}

/** Whether a module waits while it loads: `require()` refuses such a module. */
export function hasTopLevelAwait(file: URL): boolean {
  const waits = (node: ts.Node): boolean => {
    if (ts.isFunctionLike(node)) return false;
    if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier !== undefined)) return true;
    return ts.forEachChild(node, waits) ?? false;
  };
  return waits(parse(file));
}
