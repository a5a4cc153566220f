import { fillTemplate } from './process-template.js';

/**
 * What stands in an argument or a variable of a command where the credential of that provider goes, so that the text
 * around it stays in sight: `{claviger:weather}`. By itself it does nothing: an injection must say that the key goes there.
 */
export function markerOf(provider: string): string {
  return `{claviger:${provider}}`;
}

export function hasMarker(text: string | undefined, provider: string): text is string {
  return text?.includes(markerOf(provider)) === true;
}

/** The text with the value in each place; where it is JSON, escaped as that wants. */
export function fillMarkers(text: string, provider: string, value: string): string {
  return fillTemplate(text, value, markerOf(provider));
}
