import { createRequire } from 'node:module';
import type { ConfigureOptions, Environment } from 'nunjucks';
import { ProvisionError } from './provision-error.ts';
import { parserMessage, scanTemplate, type TemplateReference } from './template-scan.ts';

/** For nunjucks, as `scanTemplate` loads it. */
const require = createRequire(import.meta.url);

/** What a variable can be: a value, or a table of values by name. */
export type TemplateValue = string | number | boolean;
export type TemplateValues = Readonly<
  Record<string, TemplateValue | Readonly<Record<string, TemplateValue>>>
>;

/** Text goes in as it is: what is made are configuration files and no web pages. Lines with only a tag leave nothing. */
const options: ConfigureOptions = {
  autoescape: false,
  throwOnUndefined: true,
  trimBlocks: true,
  lstripBlocks: true,
};

/** How many names an error lists. */
const listedMax = 30;

/** A template that has been read: which variables it uses, and what it makes of them. */
export class Template {
  readonly references: readonly TemplateReference[];
  readonly #file: string;
  readonly #text: string;

  /** `file` is the name for errors. Throws `provision/template-invalid`, with file and line. */
  constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text;
    this.references = scanTemplate(file, text, options);
  }

  /** The names that are used of a table: of `secret`, those for which there is a `secret.NAME`. */
  namesOf(table: string): string[] {
    const names = this.references.filter(({ path }) => path[0] === table && path.length > 1);
    return [...new Set(names.map(({ path }) => path[1]!))];
  }

  /** The line in which a variable is first used, from 1; 0 where its name is computed. */
  lineOf(...name: readonly string[]): number {
    return this.references.find(({ path }) => name.every((part, i) => path[i] === part))?.line ?? 0;
  }

  /**
   * What the template makes of `values`. Throws `provision/variable-undefined` where one that there is not is reached
   * without a word about what to do then, with file, line and the names that there are; `provision/template-invalid`.
   */
  render(values: TemplateValues): string {
    // Nunjucks finds these in every object, before it looks among the variables.
    const inherited = this.references.find(({ path }) => path[0]! in Object.prototype);
    if (inherited !== undefined) throw this.#undefined(inherited.path[0], values);
    const nunjucks = require('nunjucks') as typeof import('nunjucks');
    const environment = new nunjucks.Environment(null, options);
    // Every name that the template does not set itself is looked up here, so that one that there is not is noticed
    // also where it goes through a filter or an operator, which would make something of it.
    (environment as Environment & { globals: object }).globals = this.#strict(values, []);
    try {
      return environment.renderString(this.#text, {});
    } catch (error) {
      throw this.#translated(error, values);
    }
  }

  /** A table that throws for what it does not have, and gives back nothing where the template provides for that. */
  #strict(table: object, above: readonly string[]): object {
    const template = this;
    return new Proxy(Object.assign(Object.create(null), table) as Record<string, unknown>, {
      has: () => true,
      get(target, name): unknown {
        if (typeof name === 'symbol') return undefined;
        const value = target[name];
        const path = [...above, name];
        if (typeof value === 'object' && value !== null) return template.#strict(value, path);
        if (value === undefined && !template.#isGuarded(path)) throw new Undefined(path);
        return value;
      },
    });
  }

  #isGuarded(path: readonly string[]): boolean {
    return this.references.some(
      (reference) => reference.isGuarded && path.every((name, i) => reference.path[i] === name),
    );
  }

  #translated(error: unknown, values: TemplateValues): ProvisionError {
    // Nunjucks keeps only the text of what was thrown inside of it. The text of a value is never part of an error.
    const text = error instanceof Error ? error.message : String(error);
    const [, shown] = new RegExp(`${undefinedMark} (.*)`).exec(text) ?? [];
    if (shown !== undefined) return this.#undefined(shown, values);
    if (text.includes('null or undefined value')) return this.#undefined(undefined, values, text);
    return new ProvisionError(
      'provision/template-invalid',
      `${this.#file}: ${parserMessage(error)}. Correct the template.`,
    );
  }

  #undefined(name: string | undefined, values: TemplateValues, text = ''): ProvisionError {
    const path = name?.split('.') ?? [];
    const reported = Number(/\[Line (\d+),/.exec(text)?.[1] ?? 0);
    const line = name === undefined ? reported : this.lineOf(...path);
    const table = path.length > 1 ? values[path[0]!] : undefined;
    const there =
      typeof table === 'object'
        ? Object.keys(table).map((key) => `${path[0]}.${key}`)
        : Object.entries(values).flatMap(([key, value]) => (typeof value === 'object' ? `${key}.…` : key));
    const what = name === undefined ? 'a variable' : `"${name}"`;
    return new ProvisionError(
      'provision/variable-undefined',
      `${this.#file}${line > 0 ? `, line ${line}` : ''}: ${what} is not defined. There ${listed(there)}. Use one of them, or say what is to be otherwise: {{ ${name ?? 'name'} | default("…") }}.`,
    );
  }
}

const undefinedMark = 'no such variable:';

class Undefined extends Error {
  constructor(path: readonly string[]) {
    super(`${undefinedMark} ${path.join('.')}`);
  }
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'is none of that kind';
  const some = [...names].sort().slice(0, listedMax);
  const more = names.length > listedMax ? ` and ${names.length - listedMax} more` : '';
  return `${names.length === 1 ? 'is' : 'are'} ${some.join(', ')}${more}`;
}
