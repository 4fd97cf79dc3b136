import { createRequire } from 'node:module';
import { ProvisionError } from './provision-error.ts';

/** For nunjucks, which is loaded when there is a template: most commands see none. */
const require = createRequire(import.meta.url);

/** A variable that a template uses: `['env', 'HOME']` for `env.HOME`. */
export interface TemplateReference {
  readonly path: readonly string[];
  /** From 1. */
  readonly line: number;
  /** Whether the template says what is to be when there is no such variable: `default`, `is defined`, or a condition. */
  readonly isGuarded: boolean;
}

/** A node of what nunjucks' parser makes of a template, as far as it is looked at here. Its typings leave it out. */
interface TemplateNode {
  readonly typename: string;
  readonly lineno: number;
  readonly fields: readonly string[];
  readonly children?: readonly TemplateNode[];
  readonly value?: unknown;
  readonly [field: string]: unknown;
}

/** Parsed positions count from 0. */
interface TemplateParser {
  readonly parser: { parse(text: string, extensions: [], options: object): TemplateNode };
}

/** What templates may not do: run functions, and read other files. */
const forbidden: Readonly<Record<string, string>> = {
  FunCall: 'calls a function. Templates can use variables, filters, if and for',
  Caller: 'calls a macro. Templates can use variables, filters, if and for',
  Macro: 'defines a macro. Templates can use variables, filters, if and for',
  Include: 'includes another file. Write one template for each file',
  Import: 'imports another file. Write one template for each file',
  FromImport: 'imports another file. Write one template for each file',
  Extends: 'extends another file. Write one template for each file',
};

/**
 * The variables that a template uses, without those that it sets itself. Throws `provision/template-invalid`, with
 * `file` and the line.
 */
export function scanTemplate(file: string, text: string, options: object): TemplateReference[] {
  const nunjucks = require('nunjucks') as TemplateParser;
  let root: TemplateNode;
  try {
    root = nunjucks.parser.parse(text, [], options);
  } catch (error) {
    throw new ProvisionError(
      'provision/template-invalid',
      `${file}: ${parserMessage(error)}. Correct the template.`,
      {
        cause: error,
      },
    );
  }
  const scan = new TemplateScan(file);
  scan.visit(root, 'plain');
  return scan.references;
}

/** What nunjucks says in front of and behind its reason is about itself. */
export function parserMessage(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const [, line] = /\[Line (\d+), Column \d+\]/.exec(text) ?? [];
  const reason = text
    .replace(/^\(unknown path\)\s*/, '')
    .replace(/\[Line \d+, Column \d+\]\s*/, '')
    .replace(/^\s*(?:Template render error|Error|TypeError):\s*/, '')
    .trim()
    .replace(/\.$/, '');
  return line === undefined ? reason : `line ${line}: ${reason}`;
}

class TemplateScan {
  readonly references: TemplateReference[] = [];
  readonly #file: string;
  /** Names that the template gives a value. */
  readonly #own = new Set(['loop']);

  constructor(file: string) {
    this.#file = file;
  }

  visit(node: TemplateNode, how: 'plain' | 'guarded'): void {
    const reason = forbidden[node.typename];
    if (reason !== undefined) {
      throw new ProvisionError(
        'provision/template-invalid',
        `${this.#file}, line ${node.lineno + 1}: the template ${reason}.`,
      );
    }
    switch (node.typename) {
      case 'Symbol':
      case 'LookupVal':
        this.#reference(node, how);
        return;
      case 'Set':
      case 'For':
        this.#declare(node);
        return;
      case 'If':
      case 'InlineIf':
        this.#visitField(node, 'cond', 'guarded');
        this.#visitField(node, 'body', how);
        this.#visitField(node, 'else_', how);
        return;
      case 'Filter':
        this.#visitFilter(node, how);
        return;
      case 'Is':
        this.#visitField(node, 'left', 'guarded');
        return;
      case 'Pair':
        // The key of a keyword argument or of a table is no variable.
        this.#visitField(node, 'value', how);
        return;
      default:
        for (const child of node.children ?? []) this.visit(child, how);
        if (node.children === undefined) for (const field of node.fields) this.#visitField(node, field, how);
    }
  }

  #visitField(node: TemplateNode, field: string, how: 'plain' | 'guarded'): void {
    const value = node[field];
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) this.visit(child, how);
  }

  #visitFilter(node: TemplateNode, how: 'plain' | 'guarded'): void {
    const name = isNode(node.name) ? node.name.value : undefined;
    const isDefault = name === 'default' || name === 'd';
    const [subject, ...rest] = isNode(node.args) ? (node.args.children ?? []) : [];
    if (subject !== undefined) this.visit(subject, isDefault ? 'guarded' : how);
    for (const argument of rest) this.visit(argument, how);
  }

  /** A name holds for all of the template: a value may be set in one place and used in another. */
  #declare(node: TemplateNode): void {
    const names = node.typename === 'Set' ? node.targets : node.name;
    for (const target of Array.isArray(names) ? names : [names]) {
      if (!isNode(target)) continue;
      for (const symbol of target.children ?? [target]) this.#own.add(String(symbol.value));
    }
    const fields = node.fields.filter((field) => field !== 'targets' && field !== 'name');
    for (const field of fields) this.#visitField(node, field, 'plain');
  }

  #reference(node: TemplateNode, how: 'plain' | 'guarded'): void {
    const path: string[] = [];
    let at: TemplateNode = node;
    while (at.typename === 'LookupVal') {
      const key = at.val as TemplateNode;
      if (key.typename === 'Literal') path.unshift(String(key.value));
      else {
        // Only what stands in front of a computed name is known.
        path.length = 0;
        this.visit(key, how);
      }
      at = at.target as TemplateNode;
    }
    if (at.typename !== 'Symbol') {
      this.visit(at, how);
      return;
    }
    const name = String(at.value);
    if (this.#own.has(name)) return;
    path.unshift(name);
    this.references.push({ path, line: at.lineno + 1, isGuarded: how === 'guarded' });
  }
}

function isNode(value: unknown): value is TemplateNode {
  return typeof value === 'object' && value !== null && 'typename' in value;
}
