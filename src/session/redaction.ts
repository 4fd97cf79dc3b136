/** What stands where something secret stood. */
const hidden = '***';
/** Shorter values are words that occur anyway, in characters. */
const valueLengthMin = 6;

/** What is a secret by its looks. The first group, where there is one, stays. */
const looks: readonly RegExp[] = [
  // Tokens that say what they are by how they begin.
  /\b(?:gh[a-z]_|github_pat_|glpat-|xox[a-z]-|npm_|sk-|pk-)[A-Za-z0-9_-]{16,}/g,
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g,
  // Three parts in base64, of which the first is JSON.
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
  /\b((?:bearer|basic)\s+)[\w.~+/=-]{12,}/gi,
  // Name and password in a URL.
  /([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+(?=@)/gi,
  /((?:api[_-]?key|access[_-]?key|token|secret|passwo?r?d)\w*["']?\s*[:=]\s*["']?)[^\s"',;]{6,}/gi,
];
const keyBegins = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
const keyEnds = /-----END [A-Z ]*PRIVATE KEY-----/;

/** Hides in what a program says the secrets that are known, and what looks like one. Told line by line, in order. */
export class Redactor {
  readonly #values: readonly string[];
  #isInKey = false;

  /** `values` may have several lines: each counts. */
  constructor(values: readonly string[]) {
    const lines = values.flatMap((value) => value.split('\n')).map((line) => line.trim());
    this.#values = [...new Set(lines)]
      .filter((line) => line.length >= valueLengthMin)
      .sort((a, b) => b.length - a.length);
  }

  /** A line without its secrets. */
  line(text: string): string {
    const wasInKey = this.#isInKey;
    if (keyBegins.test(text)) this.#isInKey = true;
    if (keyEnds.test(text)) this.#isInKey = false;
    if (wasInKey || keyBegins.test(text)) return hidden;
    const known = this.#values.reduce((shown, value) => shown.replaceAll(value, hidden), text);
    return looks.reduce(
      (shown, look) =>
        shown.replace(look, (_, kept?: unknown) => `${typeof kept === 'string' ? kept : ''}${hidden}`),
      known,
    );
  }
}

/** The values of variables that are secrets by their names. */
export function secretValues(environment: Readonly<Record<string, string | undefined>>): string[] {
  const secretName = /TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|CREDENTIAL/i;
  return Object.entries(environment)
    .filter(([name]) => secretName.test(name))
    .flatMap(([, value]) => (value === undefined ? [] : [value]));
}
