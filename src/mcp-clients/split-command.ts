/**
 * A command in one string as words, with the quotes of shells; undefined where a shell would do more with it than split it.
 *
 * @example
 * splitCommand('env A="b c" npx -y server')   // ['env', 'A=b c', 'npx', '-y', 'server']
 */
export function splitCommand(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === '"' || character === "'") {
      const end = text.indexOf(character, at + 1);
      if (end === -1) return undefined;
      word = (word ?? '') + text.slice(at + 1, end);
      at = end;
    } else if (/[|;<>`]/.test(character)) {
      return undefined;
    } else {
      word = (word ?? '') + character;
    }
  }
  return word === undefined ? words : [...words, word];
}
