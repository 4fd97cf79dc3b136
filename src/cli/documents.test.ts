import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type CommandEntry, program } from './commands.ts';
import { commonOptions, parseArguments } from './parse-arguments.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** `docs/cli.md` is generated from the commands, and has a test of its own. */
const documents = globSync(
  ['*.md', 'docs/**/*.md', 'share/agents/**/*.md', 'src/*/README.md', 'test/*/README.md'],
  { cwd: root },
).filter((path) => path !== 'docs/cli.md');
const sources = globSync('src/**/*.ts', { cwd: root, exclude: ['**/*.test.ts'] });
const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** The command that a line of words behind `mic` calls. */
function entryOf(line: string): CommandEntry | undefined {
  return program.commands.find(({ path }) => line === path || line.startsWith(`${path} `));
}

/** Whether words are a command or the beginning of some, such as `session`; `WORD` and `"a b"` are no part of a name. */
function isCommand(words: string): boolean {
  return program.commands.some(
    ({ path }) => `${words} `.startsWith(`${path} `) || path.startsWith(`${words} `),
  );
}

/** The flags of a command, as they are typed: `--json`, `-n`. */
async function flagsOf(entry: CommandEntry): Promise<readonly string[]> {
  const { options } = (await entry.load()).default;
  const declared = [...Object.values(options), ...commonOptions].map(({ flags }) => flags);
  return declared.flatMap((flags) => flags.match(/(?<![\w-])--?[a-z][\w-]*/g) ?? []);
}

interface NamedCall {
  readonly path: string;
  /** What stands behind `mic `, up to a pipe. */
  readonly line: string;
}

function callsNamed(path: string, pattern: RegExp): NamedCall[] {
  return Array.from(read(path).matchAll(pattern), ([, call]) => ({
    path,
    line: call!.replaceAll(/\s+/g, ' ').split(' | ')[0]!,
  }));
}

async function requireKnown(calls: readonly NamedCall[]): Promise<void> {
  for (const { path, line } of calls) {
    const words = /^(?:[a-z]+(?: |(?![\w-])))*/.exec(line)![0].trim();
    assert.ok(words === '' || isCommand(words), `${path}: mic ${line}`);
    const entry = entryOf(line);
    const known = entry === undefined ? ['--help', '--version'] : await flagsOf(entry);
    for (const flag of line.match(/(?<= |^)--?[a-z][\w-]*/g) ?? [])
      assert.ok(known.includes(flag), `${path}: mic ${line}: ${flag}`);
  }
}

/** The calls of mic that a document has in its blocks, each as the words of its line. */
function callsIn(text: string): string[][] {
  const blocks = Array.from(text.matchAll(/```(?:sh|console)\n(.*?)```/gs), ([, block]) => block!);
  const lines = blocks.flatMap((block) => block.replaceAll('\\\n', ' ').split(/\n| && /));
  return lines.flatMap((line) => {
    const [, call] = /^(?:\$ |cd "\$\(|dir=\$\(| {2})?(mic [^#]*)/.exec(line) ?? [];
    if (call === undefined) return [];
    const words: readonly string[] = call.replace(/\)"?\s*$/, '').match(/'[^']*'|(?:"[^"]*"|[^\s"])+/g) ?? [];
    const end = words.indexOf('&');
    const kept = end < 0 ? words : words.slice(0, end);
    return [kept.slice(1).map((word) => word.replaceAll(/["']/g, ''))];
  });
}

describe('documents', () => {
  test('are those of the repository', () => {
    for (const path of ['README.md', 'docs/hub.md', 'share/agents/sessions/SESSIONS-README.md'])
      assert.ok(documents.includes(path), path);
    assert.ok(sources.length > 200);
  });

  test('name commands that there are, with flags that these have', async () => {
    const calls = documents.flatMap((path) => callsNamed(path, /`mic ([^`]+)`/g));
    assert.ok(calls.length > 100, `${calls.length} calls`);
    await requireKnown(calls);
  });

  test('show calls that can be typed', async () => {
    let count = 0;
    for (const path of documents) {
      for (const words of callsIn(read(path))) {
        const line = words.join(' ');
        const entry = entryOf(line);
        assert.ok(entry, `${path}: mic ${line}`);
        const { default: command } = await entry.load();
        const rest = words.slice(entry.path.split(' ').length);
        assert.doesNotThrow(() => parseArguments(program, entry, command, rest), `${path}: mic ${line}`);
        count++;
      }
    }
    assert.ok(count > 60, `${count} calls`);
  });
});

test('what the program says names commands that there are, with flags that these have', async () => {
  const calls = sources.flatMap((path) => callsNamed(path, /(?<!=)["`']mic ([^"`'\n]+)/g));
  assert.ok(calls.length > 150, `${calls.length} calls`);
  await requireKnown(calls);
});
