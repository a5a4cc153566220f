/** Where the secret goes in a template. */
const hole = '{}';

/** The literals of a JSON text: RFC 8259 §7. */
const jsonString = /"(?:[^"\\]|\\.)*"/g;

/**
 * Puts a value in place of every `{}`.
 *
 * In a template that is JSON and has a `{}` inside a string, the value goes into the strings only, escaped for them, and a
 * `{}` that is an empty object stays one: `{"Authorization":"Bearer {}","extra":{}}`.
 *
 * @param place What stands for the secret instead of `{}`.
 */
export function fillTemplate(template: string, value: string, place = hole): string {
  if (!isJsonTemplate(template, place)) return template.replaceAll(place, () => value);
  const escaped = JSON.stringify(value).slice(1, -1);
  return template.replace(jsonString, (literal) => literal.replaceAll(place, () => escaped));
}

function isJsonTemplate(template: string, place: string): boolean {
  if (!template.match(jsonString)?.some((literal) => literal.includes(place))) return false;
  try {
    JSON.parse(template);
    return true;
  } catch {
    return false;
  }
}

/** What is wrong with a template of `env` or `argument`. */
export function templateProblem(template: unknown): string | undefined {
  if (typeof template !== 'string' || !template.includes(hole)) return 'a template needs "{}" where the secret goes';
  return template.includes('\0') ? 'a template must not contain NUL' : undefined;
}
