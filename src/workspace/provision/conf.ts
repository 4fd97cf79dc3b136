import type { TreePath } from '../../tree/path.ts';
import { isPattern, type PathPattern, parsePattern, unescaped } from './path-pattern.ts';
import { type ConfPlace, ProvisionError, placeText } from './provision-error.ts';
import { type ProvisionPath, parseProvisionPath } from './provision-path.ts';

export const confName = 'untracked-files.conf';

const actions = ['copy', 'template', 'symlink', 'skip'] as const;
export type ProvisionAction = (typeof actions)[number];

/** A configuration file as text. Layers are given lowest first: a later one overrules an earlier one. */
export interface ConfLayer {
  /** The file's name as the user knows it. */
  readonly file: string;
  readonly text: string;
}

/** What a line takes: one path, which has to be there, or all that matches a pattern. */
export type RuleSource =
  | ({ readonly kind: 'path' } & ProvisionPath)
  | { readonly kind: 'pattern'; readonly pattern: PathPattern; readonly isDirectory: boolean };

/** Where it goes: to the same path, to another, or into a directory. */
export type RuleDestination =
  | { readonly kind: 'same' }
  | { readonly kind: 'path'; readonly path: TreePath }
  | { readonly kind: 'into'; readonly directory: TreePath };

/** A line that says what to do with which files. */
export interface Rule {
  readonly action: ProvisionAction;
  readonly source: RuleSource;
  readonly destination: RuleDestination;
  /** Written with a `?` behind the action: nothing is wrong when the source is not there. */
  readonly optional: boolean;
  readonly place: ConfPlace;
}

/**
 * Reads a configuration file, `ACTION:SOURCE:DEST` a line. What is wrong is put into `problems`, each with file, line
 * and what to write; the rules are those of the other lines.
 */
export function parseConf({ file, text }: ConfLayer, problems: ProvisionError[]): Rule[] {
  const rules: Rule[] = [];
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split('\n')
    .entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    try {
      rules.push(parseLine(trimmed, { file, line: index + 1 }));
    } catch (error) {
      if (!(error instanceof ProvisionError)) throw error;
      problems.push(error);
    }
  }
  return rules;
}

function parseLine(line: string, place: ConfPlace): Rule {
  const fields = splitFields(line).map((field) => field.trim());
  const [head = '', source = '', destination, ...more] = fields;
  const optional = head.endsWith('?');
  const word = optional ? head.slice(0, -1) : head;
  const action = actions.find((known) => known === word);
  if (action === undefined) {
    throw invalid(
      place,
      `"${word}" is no action. Begin the line with one of ${actions.join(', ')}, and a colon`,
    );
  }
  if (source === '')
    throw invalid(place, `the line has no source. Write ${action}:PATH, or ${action}:PATH:DESTINATION`);
  if (more.length > 0) {
    throw invalid(
      place,
      `there are ${fields.length} fields. Write ACTION:SOURCE:DEST, and \\: for a colon in a name`,
    );
  }
  if (action === 'skip' && destination)
    throw invalid(place, `nothing is written by a skip. Write skip:${source}`);
  const rule = { action, source: parseSource(source, place), optional, place };
  return { ...rule, destination: parseDestination(destination ?? '', rule, place) };
}

/** The fields of a line, with the `\` in front of characters that are taken as they are, but for colons. */
function splitFields(line: string): string[] {
  const fields = [''];
  for (const [piece] of line.matchAll(/\\.|[^\\]|\\$/gsu)) {
    if (piece === ':') fields.push('');
    else fields[fields.length - 1] += piece === '\\:' ? ':' : piece;
  }
  return fields;
}

function parseSource(text: string, place: ConfPlace): RuleSource {
  if (!isPattern(text)) return { kind: 'path', ...parseProvisionPath(unescaped(text), place) };
  // A pattern is held to the same rules as a path; what stands for names cannot lead anywhere else.
  parseProvisionPath(text, place);
  const plain = text.replace(/^(?:\.\/+)+/, '').replace(/\/+$/, '');
  return { kind: 'pattern', pattern: parsePattern(plain), isDirectory: text.endsWith('/') };
}

function parseDestination(
  text: string,
  rule: Pick<Rule, 'action' | 'source'>,
  place: ConfPlace,
): RuleDestination {
  if (text === '' || rule.action === 'skip') return { kind: 'same' };
  if (isPattern(text)) throw invalid(place, `the destination "${text}" is a pattern. Write a path`);
  const { path, isDirectory } = parseProvisionPath(unescaped(text), place);
  const into = rule.source.kind === 'pattern' || (isDirectory && !rule.source.isDirectory);
  return into ? { kind: 'into', directory: path } : { kind: 'path', path };
}

function invalid(place: ConfPlace, what: string): ProvisionError {
  return new ProvisionError('provision/conf-invalid', `${placeText(place)}: ${what}.`);
}
