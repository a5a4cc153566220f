import { openDocument, type Place, type SchemaDocument } from './schema-document.js';
import { isJsonObject, subschemas } from './schema-keywords.js';

/**
 * Whether a parameter's schema, or a part of it, says that MCP clients send its value in an HTTP header as well
 * (`x-mcp-header`, MCP 2026-07-28 "Custom Headers from Tool Parameters"; on deeper properties too).
 */
export function isMirroredIntoHeader(schema: object): boolean {
  const document = openDocument(schema);
  return isMirroredPlace(document.root, document);
}

/** The same for a schema within a document. References are followed; one that leads nowhere carries no annotation. */
export function isMirroredPlace(start: Place, document: SchemaDocument): boolean {
  const queue = [start];
  const seen = new Set<string>();
  for (let place = queue.pop(); place !== undefined; place = queue.pop()) {
    if (seen.has(place.pointer) || !isJsonObject(place.node)) continue;
    seen.add(place.pointer);
    if (Object.hasOwn(place.node, 'x-mcp-header')) return true;
    const reference = place.node['$ref'];
    const target = typeof reference === 'string' ? document.resolve(reference, place) : undefined;
    if (target !== undefined) queue.push(target);
    for (const { keys } of subschemas(place.node)) queue.push(document.step(place, keys));
  }
  return false;
}
