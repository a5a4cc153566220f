import { isJsonObject, subschemas, type JsonObject } from './schema-keywords.js';

/** A schema within a document: where it stands, and the base URI that its references are resolved against. */
export interface Place {
  readonly node: unknown;
  /** JSON pointer (RFC 6901) from the root of the document. */
  readonly pointer: string;
  readonly base: string;
}

/** One JSON Schema document with its identifiers and anchors, drafts 4 to 2020-12. Nothing is ever fetched. */
export interface SchemaDocument {
  readonly root: Place;
  step(from: Place, keys: readonly string[]): Place;
  /** Where a reference leads; `undefined` if that is outside the document, or could be two places. */
  resolve(reference: string, from: Place): Place | undefined;
  /** The same for `$dynamicRef`, whose target depends on the way there once several anchors share its name. */
  resolveDynamic(reference: string, from: Place): Place | undefined;
}

/** Stands in where the root has no `$id`; never seen by anybody. */
const nowhere = 'json-schema:///';

/** @throws RangeError if an object of the schema contains itself. */
export function openDocument(schema: object): SchemaDocument {
  const idKeyword = /draft-0[34]/.test(String((schema as JsonObject)['$schema'])) ? 'id' : '$id';
  const resources = new Map<string, Place>();
  const anchors = new Map<string, Place | undefined>();
  const dynamicAnchors = new Map<string, number>();

  const enter = (node: unknown, pointer: string, base: string): Place => {
    const id = isJsonObject(node) ? node[idKeyword] : undefined;
    if (typeof id !== 'string' || id.startsWith('#')) return { node, pointer, base };
    return { node, pointer, base: absolute(id, base) ?? base };
  };
  const step = (from: Place, keys: readonly string[]): Place =>
    keys.reduce((place, key) => {
      const children = place.node as Record<string, unknown>;
      return enter(children[key], `${place.pointer}/${escapeToken(key)}`, place.base);
    }, from);

  const index = (place: Place, parentBase: string, ancestors: Set<unknown>): void => {
    if (ancestors.has(place.node)) throw new RangeError('an object of the schema contains itself');
    if (isJsonObject(place.node)) {
      if (place.base !== parentBase) resources.set(place.base, place);
      for (const anchor of anchorsOf(place.node, idKeyword)) {
        const key = `${place.base}#${anchor}`;
        anchors.set(key, anchors.has(key) ? undefined : place);
      }
      const dynamic = place.node['$dynamicAnchor'];
      if (typeof dynamic === 'string') dynamicAnchors.set(dynamic, (dynamicAnchors.get(dynamic) ?? 0) + 1);
    }
    ancestors.add(place.node);
    for (const { keys } of subschemas(place.node)) {
      const parent = step(place, keys.slice(0, -1));
      index(step(parent, keys.slice(-1)), place.base, ancestors);
    }
    ancestors.delete(place.node);
  };

  const root = enter(schema, '', nowhere);
  resources.set(nowhere, root).set(root.base, root);
  index(root, root.base, new Set());

  const resolve = (reference: string, from: Place): Place | undefined => {
    const hash = reference.indexOf('#');
    const url = absolute(hash < 0 ? reference : reference.slice(0, hash), from.base);
    const fragment = decode(hash < 0 ? '' : reference.slice(hash + 1));
    if (url === undefined || fragment === undefined) return undefined;
    const resource = resources.get(url);
    if (fragment === '') return resource;
    if (!fragment.startsWith('/')) return anchors.get(`${url}#${fragment}`);
    return resource && follow(fragment, resource, step);
  };
  const resolveDynamic = (reference: string, from: Place): Place | undefined =>
    (dynamicAnchors.get(reference.slice(reference.indexOf('#') + 1)) ?? 0) > 1 ? undefined : resolve(reference, from);

  return { root, step, resolve, resolveDynamic };
}

/** A JSON pointer as the fragment of a URI (RFC 6901 §6). */
export function toFragment(pointer: string): string {
  return `#${encodeURI(pointer).replaceAll('#', '%23')}`;
}

export function escapeToken(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

export function unescapeToken(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~');
}

function follow(pointer: string, from: Place, step: SchemaDocument['step']): Place | undefined {
  let place = from;
  for (const token of pointer.slice(1).split('/')) {
    const key = unescapeToken(token);
    if (typeof place.node !== 'object' || place.node === null || !Object.hasOwn(place.node, key)) return undefined;
    place = step(place, [key]);
  }
  return place;
}

function anchorsOf(node: JsonObject, idKeyword: string): string[] {
  const names = [node['$anchor'], node['$dynamicAnchor']].filter((name) => typeof name === 'string');
  const id = node[idKeyword];
  return typeof id === 'string' && id.startsWith('#') && id.length > 1 ? [...names, id.slice(1)] : names;
}

/** The URI without its fragment; `undefined` if there is no reading it. */
function absolute(reference: string, base: string): string | undefined {
  try {
    const url = new URL(reference === '' ? '#' : reference, base);
    url.hash = '';
    return url.href;
  } catch {
    return undefined;
  }
}

function decode(fragment: string): string | undefined {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return undefined;
  }
}
