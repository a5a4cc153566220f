import type { Consumer } from './consumer.js';

/** The value of a header, by its name in lower case. */
export type HeaderReader = (name: string) => string | undefined;

/** Three parts, of which the first is a JSON object: `eyJ` is `{"` in base64. */
const JWT = /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/;

/** Whether a text has the form of an access token, and so is no consumer key. */
export function isAccessToken(text: string): boolean {
  return JWT.test(text);
}

/** Who asks; undefined for nobody, and for two at once, as one of them could be somebody else. */
export function consumerIn(read: HeaderReader, header: string): Consumer | undefined {
  const key = read(header);
  const authorization = header === 'authorization' ? undefined : read('authorization');
  const bearer = /^bearer +([\w.~+/=-]+)$/i.exec(authorization ?? '')?.[1];
  if (key !== undefined && authorization !== undefined) return undefined;
  if (bearer !== undefined) return isAccessToken(bearer) ? { accessToken: bearer } : { consumerKey: bearer };
  return key === undefined ? undefined : { consumerKey: key };
}
