import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseConf } from './conf.ts';
import type { ProvisionError } from './provision-error.ts';

function parse(text: string) {
  const problems: ProvisionError[] = [];
  const rules = parseConf({ file: 'files.conf', text }, problems);
  return { rules, problems: problems.map(({ code, message }) => [code, message] as const) };
}

describe('a configuration of untracked files', () => {
  test('of the first description is understood as it stands there', () => {
    const { rules, problems } = parse(
      [
        '# Format: ACTION:SOURCE:DEST',
        '# Actions: copy, template, symlink, skip',
        'copy:.tool-versions:.tool-versions',
        'copy:.editorconfig:.editorconfig',
        'template:_AGENTS/sessions/_templates/env.template:.env',
        'symlink:node_modules:node_modules',
        '',
      ].join('\n'),
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(
      rules.map(({ action, destination, place }) => [
        action,
        destination.kind === 'path' ? destination.path : destination,
        place.line,
      ]),
      [
        ['copy', '.tool-versions', 3],
        ['copy', '.editorconfig', 4],
        ['template', '.env', 5],
        ['symlink', 'node_modules', 6],
      ],
    );
  });

  test('can leave out the destination, name a directory, be optional, and hold a colon in a name', () => {
    const { rules, problems } = parse(
      'copy:.env\r\n  copy? : local.json : config/ \ncopy:a\\:b\nskip:*.log\n',
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(
      rules.map(({ source, destination, optional }) => [
        source.kind === 'path' ? source.path : 'pattern',
        destination,
        optional,
      ]),
      [
        ['.env', { kind: 'same' }, false],
        ['local.json', { kind: 'into', directory: 'config' }, true],
        ['a:b', { kind: 'same' }, false],
        ['pattern', { kind: 'same' }, false],
      ],
    );
  });

  for (const [line, code, said] of [
    ['move:a:b', 'provision/conf-invalid', /line 1: "move" is no action.* copy, template, symlink, skip/],
    ['copy', 'provision/conf-invalid', /no source.*copy:PATH/],
    ['copy::x', 'provision/conf-invalid', /no source/],
    ['copy:a:b:c', 'provision/conf-invalid', /4 fields.*\\:/],
    ['copy:a*:b*', 'provision/conf-invalid', /destination "b\*" is a pattern/],
    ['skip:a:b', 'provision/conf-invalid', /Write skip:a/],
    ['copy:/etc/passwd', 'provision/path-refused', /"\/etc\/passwd" is absolute/],
    ['copy:.env:/etc/passwd', 'provision/path-refused', /is absolute/],
    ['copy:../.env', 'provision/path-refused', /upwards/],
    ['copy:a/../../b', 'provision/path-refused', /upwards/],
    ['copy:*/../../b', 'provision/path-refused', /upwards/],
    ['copy:.env:.git/hooks/pre-commit', 'provision/path-refused', /belongs to git/],
    ['copy:.env:sub/.GIT/config', 'provision/path-refused', /belongs to git/],
    ['copy:.env:.micelio-session/x', 'provision/path-refused', /belongs to git/],
    ['copy:.', 'provision/path-refused', /no path of a file/],
    ['copy:./', 'provision/path-refused', /no path of a file/],
    ['copy:a//b', 'provision/path-refused', /no path of a file/],
    ['copy:a\0b', 'provision/path-refused', /no path of a file/],
  ] as const) {
    test(`is refused with ${JSON.stringify(line)}, and it is said what to write`, () => {
      const { rules, problems } = parse(`${line}\ncopy:fine\n`);
      assert.equal(rules.length, 1);
      assert.equal(problems.length, 1);
      assert.equal(problems[0]?.[0], code);
      assert.match(problems[0]?.[1] ?? '', said);
      assert.match(problems[0]?.[1] ?? '', /^files\.conf, line 1: /);
    });
  }
});
