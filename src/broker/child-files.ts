import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { nodePreload } from './node-preload.js';

/** The files that a child's environment names: nothing secret is in them, and nobody else may change them. */
export class ChildFiles {
  readonly directory = mkdtempSync(join(tmpdir(), 'claviger-broker-'));
  /** The broker's certificate, for what adds it to what it trusts already. */
  readonly certificate: string;
  /** The same with everything that is trusted anyway, for what takes a file instead. */
  readonly bundle: string;
  readonly preload: string;
  readonly #onExit = () => this.remove();

  constructor(pem: string, env: Readonly<Record<string, string | undefined>> = process.env) {
    process.on('exit', this.#onExit);
    const extra = readable(env['NODE_EXTRA_CA_CERTS']);
    this.certificate = this.#write('ca.pem', pem + extra);
    this.bundle = this.#write(
      'bundle.pem',
      [pem, extra, readable(env['SSL_CERT_FILE']), ...rootCertificates].join('\n'),
    );
    const undici = createRequire(import.meta.url).resolve('undici');
    this.preload = this.#write('preload.cjs', nodePreload(undici));
  }

  remove(): void {
    process.off('exit', this.#onExit);
    rmSync(this.directory, { recursive: true, force: true });
  }

  #write(name: string, content: string): string {
    const path = join(this.directory, name);
    writeFileSync(path, content, { mode: 0o600, flag: 'wx' });
    return path;
  }
}

function readable(path: string | undefined): string {
  if (path === undefined || path === '') return '';
  try {
    return `\n${readFileSync(path, 'utf8')}`;
  } catch {
    return '';
  }
}
