import { randomBytes } from 'node:crypto';

/** A fresh secret that stands nowhere else in the world. */
export function canary(prefix = 'ck_'): string {
  return `${prefix}${randomBytes(24).toString('base64url').replace(/[-_]/g, 'x')}`;
}
