import type { Quota } from './definitions.js';

/** One use to be counted, or only looked up with `peek`. */
export interface CountRequest {
  /** Whose, and of what. */
  readonly key: string;
  readonly quota: Readonly<Quota>;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly peek?: boolean;
}

/** What a counter says: `used` is at most the limit. */
export interface Count {
  /** Whether there was (with `peek`: is) a unit left. */
  readonly granted: boolean;
  readonly used: number;
  /** When the window ends, in milliseconds since the epoch. */
  readonly resetsAt: number;
}

/** A counter in its window. */
export interface Window {
  readonly start: number;
  readonly end: number;
  readonly used: number;
}

/** The longest window of a quota that means anything; also keeps dates in their range. */
const MAX_MS = 100 * 365 * 86_400_000;

const unitMs = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/** When a window that begins now will end. */
export function windowEnd({ interval, unit }: Readonly<Quota>, start: number): number {
  if (unit !== 'month') return start + Math.min(interval * unitMs[unit], MAX_MS);
  const end = new Date(start);
  const day = end.getUTCDate();
  end.setUTCDate(1);
  end.setUTCMonth(end.getUTCMonth() + Math.min(interval, 1200));
  const daysInMonth = new Date(Date.UTC(end.getUTCFullYear(), end.getUTCMonth() + 1, 0)).getUTCDate();
  end.setUTCDate(Math.min(day, daysInMonth));
  return end.getTime();
}

/**
 * Counts one use in a fixed window. Gives the window to keep, which is the one given where nothing was counted.
 *
 * A clock that was set back keeps the count, and lets the window end no later than one that begins now.
 */
export function countInWindow(window: Window | undefined, request: CountRequest): { window: Window; count: Count } {
  const { quota, now, peek } = request;
  const current = window === undefined || now >= window.end ? undefined : window;
  const start = current === undefined ? now : Math.min(current.start, now);
  const end = current === undefined || now < current.start ? windowEnd(quota, start) : current.end;
  const used = current?.used ?? 0;
  const granted = used < quota.limit;
  const after = granted && peek !== true ? used + 1 : used;
  const count = { granted, used: Math.min(after, quota.limit), resetsAt: end };
  return { window: peek === true && window !== undefined ? window : { start, end, used: after }, count };
}

/** The name of a counter: another interval is another counter. */
export function counterName({ key, quota }: CountRequest): string {
  return `${key}/${quota.interval}${quota.unit}`;
}
