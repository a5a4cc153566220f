/** A string in JSON, without its quotes, and the name of the member that it is the value of. */
interface Member {
  readonly from: number;
  readonly to: number;
  readonly name?: string;
}

/**
 * The strings of a JSON text; undefined if it is none. A string with escapes stands there as it is written: its key is
 * found where no character of it is escaped, which is so for every published form.
 */
export async function splitJson(text: string): Promise<Member[] | undefined> {
  const { parseTree } = await import('jsonc-parser');
  const errors: unknown[] = [];
  const root = parseTree(text, errors as never[], { allowTrailingComma: true });
  if (root === undefined || errors.length > 0) return undefined;
  const members: Member[] = [];
  const waiting = [{ node: root, name: undefined as string | undefined }];
  for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) {
    const { node, name } = item;
    const { children = [] } = node;
    if (node.type === 'string') {
      members.push({ from: node.offset + 1, to: node.offset + node.length - 1, ...(name !== undefined && { name }) });
    } else if (node.type === 'property') {
      const [key, value] = children;
      if (key !== undefined && value !== undefined) waiting.push({ node: value, name: String(key.value) });
    } else {
      for (const child of children) waiting.push({ node: child, name });
    }
  }
  return members.reverse();
}
