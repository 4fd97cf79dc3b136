import type { FileChange } from '../session/head.ts';
import type { Agent } from '../session/session.ts';

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
const marks: Record<FileChange['kind'], string> = { added: 'A', modified: 'M', deleted: 'D', renamed: 'R' };

/** A number of bytes for people. */
export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** `1 file`, `2 files`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  // Not by `toLocaleString`: to load what it knows of languages takes longer than all else that a short command does.
  const digits = String(count).replace(/\B(?=(?:\d{3})+$)/g, ',');
  return `${digits} ${count === 1 ? noun : plural}`;
}

/** A moment in local time, to the minute. */
export function moment(ms: number): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** A changed file in a line, as git writes it. */
export function changeLine({ kind, path, from }: FileChange): string {
  return from === undefined ? `  ${marks[kind]} ${path}` : `  ${marks[kind]} ${from} -> ${path}`;
}

export function agentName({ name, email }: Agent): string {
  return email === '' ? name : `${name} <${email}>`;
}

/** Rows in columns that line up, two spaces apart. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (all, row) => row.map((cell, i) => Math.max(all[i] ?? 0, cell.length)),
    [],
  );
  return rows
    .map((row) => row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!))).join('  '))
    .join('\n');
}

/** The first line of a text, shortened to `length` characters. */
export function headline(text: string, length = 60): string {
  const line = text.split('\n', 1)[0]!;
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
}

/** All of a message as one line: the items of a list stand behind each other. The places of an error's stack are left out. */
export function oneLine(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('at '));
  const isItem = (line: string | undefined) => line?.startsWith('- ') ?? false;
  const between = (line: string, before: string | undefined) =>
    isItem(before) ? (isItem(line) ? '; ' : '. ') : before === undefined ? '' : ' ';
  return lines.map((line, i) => `${between(line, lines[i - 1])}${line.replace(/^- /, '')}`).join('');
}

/**
 * A text that a terminal only shows: what others wrote into titles, messages and files must not move its cursor, change
 * its settings or turn the order of a line around. Lines and tabs stay; any other control character becomes `\xNN`.
 */
export function printable(text: string): string {
  return text.replace(
    /[^\P{Cc}\n\t]|[\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\x${character.codePointAt(0)!.toString(16).padStart(2, '0')}`,
  );
}
