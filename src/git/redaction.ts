/**
 * `text` without what may be a password or a token in it: what stands between `//` and `@` in a URL, the value of a
 * parameter that is named like one, and what follows `Authorization:`. For all that git says, and all that is said of it.
 */
export function withoutCredentials(text: string): string {
  return text
    .replace(/(\w:\/\/)[^\s/]*@/g, '$1')
    .replace(/([?&][\w-]*(?:token|secret|password|key)=)[^\s&'"]+/gi, '$1…')
    .replace(/(\bauthorization: *)[^\r\n]+/gi, '$1…');
}

/** The end of `text`, of about `charactersMax`, that begins with a whole word: half a URL would not be known as one. */
export function endOf(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text;
  const end = text.slice(-charactersMax);
  const space = end.search(/\s/);
  return space < 0 ? '' : end.slice(space);
}
