import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { MicelioError } from '../base/error.ts';
import { program as mic } from './commands.ts';
import { exitCodes, exitOf } from './exit-codes.ts';
import { commandHelp } from './help.ts';
import { program as micFs } from './mic-fs.ts';
import { parseArguments } from './parse-arguments.ts';

/** The words of a simple command line: enough of a shell for our own examples. */
function wordsOf(line: string): string[] {
  return Array.from(line.matchAll(/(?:"[^"]*"|[^\s"])+/g), ([word]) => word.replaceAll('"', ''));
}

/** The part of an example that calls the command: without what is piped in or out. */
function callIn(line: string, program: string, path: string): string[] | undefined {
  const start = line.indexOf(`${program} ${path}`);
  if (start < 0) return undefined;
  // A substitution ends at its parenthesis.
  const text = line.slice(start).replace(/\)(?:"$| && .*$)/, '');
  const words = wordsOf(text).slice(1 + path.split(' ').length);
  const end = words.findIndex((word) => word === '|' || word === '>');
  return end < 0 ? words : words.slice(0, end);
}

describe('the tables of commands', () => {
  test('have every file that is a command, that of mic under its path', () => {
    const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter(
      (path) =>
        path.endsWith('.ts') &&
        !path.endsWith('.test.ts') &&
        readFileSync(join(import.meta.dirname, path), 'utf8').includes('export default command('),
    );
    const paths = files.map((path) => path.replace(/\.ts$/, '').split(/[/\\]/).join(' '));
    const named = [
      ...mic.commands.map(({ path }) => path),
      ...micFs.commands.map(({ path }) => `file-server ${path}`),
    ];
    assert.deepEqual(named.sort(), paths.sort());
  });

  const all = [mic, micFs].flatMap((program) => program.commands.map((entry) => ({ program, entry })));
  for (const { program, entry } of all) {
    const called = `${program.name} ${entry.path}`;
    test(`tell of "${called}" what the command tells of itself`, async () => {
      const { default: command } = await entry.load();
      assert.equal(entry.summary, command.summary);
      assert.match(command.summary, /^[A-Z].*[^.]$/);
      assert.ok(commandHelp(program, entry, command).includes(`Usage: ${called}`));
    });

    test(`have examples of "${called}" that can be typed`, async () => {
      const { default: command } = await entry.load();
      assert.ok(command.examples.length > 0);
      for (const [line] of command.examples) {
        const words = callIn(line, program.name, entry.path);
        assert.ok(words !== undefined, line);
        assert.doesNotThrow(() => parseArguments(program, entry, command, words), line);
      }
    });
  }
});

test('every code of an error that some room declares has an exit', () => {
  const rooms = join(import.meta.dirname, '..');
  const sources = readdirSync(rooms, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.ts') && !path.endsWith('.test.ts'),
  );
  const texts = sources.map((path) => readFileSync(join(rooms, path), 'utf8'));
  // Where codes are declared: a union of them, or a class for one.
  const unions = texts.flatMap(
    (text) => text.match(/type \w+ErrorCode =[^;]*;|extends MicelioError<'[^']*'>/g) ?? [],
  );
  const codes = unions.flatMap((union) => union.match(/(?<=')[a-z-]+\/[a-z-]+(?=')/g) ?? []);
  assert.ok(codes.length > 40, `${codes.length} codes`);
  const unknown = codes.filter((code) => exitOf(new MicelioError(code, '')) === 'unexpected');
  assert.deepEqual(unknown, []);
});

test('the exits of errors are numbers of their own, and what is no error of ours is unexpected', () => {
  const numbers = Object.values(exitCodes).map(({ code }) => code);
  assert.equal(new Set(numbers).size, numbers.length);
  assert.equal(exitOf(new Error('bug')), 'unexpected');
  assert.equal(exitOf('text'), 'unexpected');
});
