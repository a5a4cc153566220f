import { recognizeKey } from '../catalog/recognize-key.js';
import type { Issue } from '../errors.js';

/** Shorter texts are prefixes, names and versions. */
const shortestKey = 16;
const message = 'looks like a key: no secret belongs into this file; store it with "claviger set" and take it out here';

/**
 * Where a literal key stands in a config file, as a value or as a name. The findings say where, and repeat nothing.
 *
 * It knows the published forms of the catalog's providers, and in places that hold constants also what looks random.
 */
export function literalKeys(value: unknown, path = ''): Issue[] {
  if (typeof value === 'string') return holdsKey(value, path) ? [{ path, message }] : [];
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item, index) => literalKeys(item, `${path}[${index}]`));
  return Object.entries(value).flatMap(([name, content]) => {
    if (holdsKey(name, '')) return [{ path: path === '' ? '(a name)' : `${path}.(a name)`, message }];
    return literalKeys(content, path === '' ? name : `${path}.${name}`);
  });
}

/** Fields for constants that are sent along, where a key is easily pasted. */
const constants = /\.(?:headers\.[^.]+|prefix|password)$/;

function holdsKey(text: string, path: string): boolean {
  const parts = text.split(/[\s/?&=:,;"'@#]+/).filter((part) => part.length >= shortestKey);
  return parts.some((part) => recognizeKey(part) !== undefined || (constants.test(path) && looksRandom(part)));
}

function looksRandom(text: string): boolean {
  return text.split(/[^A-Za-z0-9]/).some((run) => run.length >= 20 && /\d/.test(run) && /[A-Za-z]/.test(run));
}
