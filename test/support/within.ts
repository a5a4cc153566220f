/** What takes so long on an idle machine may take four times as long beside all the other tests. In milliseconds. */
export function within(idleMs: number): number {
  return idleMs * 4;
}
