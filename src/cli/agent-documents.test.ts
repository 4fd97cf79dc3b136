import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { program } from './commands.ts';
import { parseArguments } from './parse-arguments.ts';

/** The calls of mic that a document has in its blocks, each as the words of its line. */
function callsIn(text: string): string[][] {
  const blocks = Array.from(text.matchAll(/```(?:sh|console)\n(.*?)```/gs), ([, block]) => block!);
  const lines = blocks.flatMap((block) => block.replaceAll('\\\n', ' ').split('\n'));
  return lines.flatMap((line) => {
    const [, call] = /^(?:\$ |cd "\$\(| {2})?(mic [^#]*)/.exec(line) ?? [];
    if (call === undefined) return [];
    const words: readonly string[] = call.replace(/\)"\s*$/, '').match(/'[^']*'|(?:"[^"]*"|[^\s"])+/g) ?? [];
    const end = words.indexOf('&');
    const kept = end < 0 ? words : words.slice(0, end);
    return [kept.slice(1).map((word) => word.replaceAll(/["']/g, ''))];
  });
}

describe('the documents that mic init lays out', () => {
  for (const name of [
    'sessions/SESSIONS-README.md',
    'sessions/SESSIONS-REFERENCE.md',
    'knowledge/README.md',
  ]) {
    const text = readFileSync(new URL(`../../share/agents/${name}`, import.meta.url), 'utf8');

    test(`name commands that there are: ${name}`, () => {
      const named = Array.from(text.matchAll(/`mic ((?:[a-z]+ ?)+)/g), ([, words]) => words!.trim());
      assert.ok(named.length > 0);
      const paths = program.commands.map(({ path }) => path);
      const unknown = named.filter(
        (words) => !paths.some((path) => words === path || words.startsWith(`${path} `)),
      );
      assert.deepEqual(unknown, []);
    });

    test(`show calls that can be typed: ${name}`, async () => {
      const calls = callsIn(text);
      assert.ok(calls.length > 10 || name.startsWith('knowledge'), `${calls.length} calls`);
      for (const words of calls) {
        const line = words.join(' ');
        const entry = program.commands.find(({ path }) => line === path || line.startsWith(`${path} `));
        assert.ok(entry, line);
        const { default: command } = await entry.load();
        const rest = words.slice(entry.path.split(' ').length);
        assert.doesNotThrow(() => parseArguments(program, entry, command, rest), line);
      }
    });
  }
});
