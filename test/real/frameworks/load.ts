import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Imports a package that was installed on demand. */
export async function loadFrom(folder: string | undefined, specifier: string): Promise<any> {
  const require = createRequire(join(folder ?? '', 'package.json'));
  return import(/* @vite-ignore */ pathToFileURL(require.resolve(specifier)).href);
}
