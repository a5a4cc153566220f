/**
 * Text in lines of at most that width, broken at blanks. A word that is longer stands alone: it is a command or a path to copy.
 *
 * @param indent How many blanks lines after the first begin with, beside that width.
 */
export function wrap(text: string, width: number, indent = 0): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && longer.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`);
}
