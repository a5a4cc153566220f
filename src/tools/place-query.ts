import { clearPlacement, type RequestHead } from '../placement/apply-to-request.js';
import { query, type RequestPlacement } from '../placement/placement.js';
import type { Grant } from '../registry/use.js';
import type { RequestOptions } from './request-call.js';

type Pair = readonly [name: string, value: string];

/** What clients add to the query of a URL: axios, undici, request. */
const added = ['params', 'query', 'qs'];
/** What they put in its place: got, ky. */
const instead = 'searchParams';

/** The options with the credential's parameter where the client would look for it once, and nowhere a second time. */
export function placeQuery(
  options: RequestOptions,
  head: RequestHead,
  grant: Grant,
  placement: RequestPlacement,
): RequestOptions {
  if (placement.in !== 'query' && grant.companions.length === 0) return options;
  const beside = grant.companions.flatMap(({ provider }) => provider.placements);
  const names = [placement, ...beside].flatMap((each) => (each.in === 'query' ? [each.name] : []));
  if (names.length === 0) return options;
  const placed = { ...options } as Record<string, unknown>;
  for (const option of added) if (option in placed) placed[option] = withPairs(placed[option], names, []);
  const ours = [...new URLSearchParams(head.search)].filter(([name]) => names.includes(name));
  if (instead in placed) placed[instead] = withPairs(placed[instead], names, ours);
  return placed;
}

/** In the shape in which the caller gave it. */
function withPairs(value: unknown, names: readonly string[], ours: readonly Pair[]): unknown {
  if (typeof value === 'string') return textWith(value, names, ours);
  if (typeof value !== 'object' || value === null) return value;
  const isOther = (pair: unknown) => !Array.isArray(pair) || !names.includes(String(pair[0]));
  if (value instanceof URLSearchParams)
    return new URLSearchParams([...[...value].filter(isOther), ...ours] as [string, string][]);
  if (value instanceof Map) return new Map([...[...(value as Map<unknown, unknown>)].filter(isOther), ...ours]);
  if (Array.isArray(value)) return [...(value as unknown[]).filter(isOther), ...ours];
  return Object.fromEntries([...Object.entries(value).filter(isOther), ...ours]);
}

function textWith(text: string, names: readonly string[], ours: readonly Pair[]): string {
  const mark = text.startsWith('?') ? '' : '?';
  const head: RequestHead = { search: mark + text, headers: [] };
  for (const name of names) clearPlacement(head, query(name));
  const kept = head.search.slice(mark.length);
  if (ours.length === 0) return kept;
  return [kept, new URLSearchParams(ours as [string, string][]).toString()].filter((part) => part !== '').join('&');
}
