import { styleText } from 'node:util';

/** How a piece of a line stands out; without colour it is plain text. */
export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red';

/** A piece of a line that stands out. */
export interface Styled {
  readonly style: Style;
  readonly text: string;
}

/** A line: text, or pieces of which some stand out. */
export type Line = string | readonly (string | Styled)[];

export function styled(style: Style, text: string): Styled {
  return { style, text };
}

export function plain(line: Line): string {
  return typeof line === 'string'
    ? line
    : line.map((piece) => (typeof piece === 'string' ? piece : piece.text)).join('');
}

/**
 * Whether colour is wanted on a stream. `FORCE_COLOR` says so in any case, `0` and `false` the contrary; then `NO_COLOR` (no-color.org:
 * any value that is not empty), then whether it is a terminal that can.
 */
export function wantsColour(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  const { FORCE_COLOR: forced, NO_COLOR: none, TERM: term } = env;
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  if (none !== undefined && none !== '') return false;
  return stream.isTTY === true && term !== 'dumb';
}

export function paint({ style, text }: Styled): string {
  // The streams that it would look at by itself need not be the one that is written to.
  return text === '' ? text : styleText(style, text, { validateStream: false });
}
