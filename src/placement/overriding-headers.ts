/** Headers that make an upstream read another method, path or host than the one that was judged; none travels with a credential. */
const overriding = new Set([
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'x-original-url',
  'x-rewrite-url',
  'x-forwarded-host',
]);

export function isOverridingHeader(name: string): boolean {
  return overriding.has(name.toLowerCase());
}
