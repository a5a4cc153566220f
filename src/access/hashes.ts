import { hash, timingSafeEqual } from 'node:crypto';

/** Of consumer keys and secrets: 256 random bits need no salt and no slow hash. */
export function sha256(text: string): string {
  return hash('sha256', text, 'hex');
}

/** Stands for the hash of the secret of a key that is not known, so that this takes no less time. */
const NOBODYS = '0'.repeat(64);

/** Whether a secret has that hash, in a time that tells nothing; with no hash there is none that has it. */
export function hasHash(secret: string, expected: string | undefined): boolean {
  const isSame = timingSafeEqual(Buffer.from(sha256(secret), 'hex'), Buffer.from(expected ?? NOBODYS, 'hex'));
  return isSame && expected !== undefined;
}
