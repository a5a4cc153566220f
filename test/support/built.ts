import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder of the package. */
export const root = new URL('../../', import.meta.url);

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly types: string;
  readonly bin: { readonly claviger: string };
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

export const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as Manifest;

/** The built command line: run it with `process.execPath`. */
export const builtCli = fileURLToPath(new URL(manifest.bin.claviger, root));

/** The public entries: the name that a program imports, and the conditions with their files. */
export const entries = Object.entries(manifest.exports).flatMap(([subpath, files]) =>
  typeof files === 'string' ? [] : [{ name: manifest.name + subpath.slice(1), files }],
);
