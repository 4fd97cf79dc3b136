import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryDirectory } from '../fixtures.ts';
import { contentsOf, ProvisionScene, writeTree } from './fixtures.ts';
import type { ProvisionError } from './provision-error.ts';
import { applyProvisioning, cleanUpProvisioning, planProvisioning } from './provisioning.ts';
import { fetchSecrets, parseSecrets, withoutValue } from './secrets.ts';

const value = 'sv-c0ffee';

function commandsOf(text: string) {
  const problems: ProvisionError[] = [];
  const commands = parseSecrets([{ file: 'secrets.conf', text }], problems);
  return { commands, problems: problems.map(({ message }) => message) };
}

describe('secrets.conf', () => {
  test('names a program and its arguments, without a shell', () => {
    const { commands, problems } = commandsOf(
      '# keys\nA = pass show  "team/api key"\nB=printf \'%s "x"\' $HOME;rm\n',
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(commands.get('A')?.words, ['pass', 'show', 'team/api key']);
    assert.deepEqual(commands.get('B')?.words, ['printf', '%s "x"', '$HOME;rm']);
  });

  test('is refused without a line being shown, as it may have a secret in it', () => {
    const { problems } = commandsOf(`KEY: ${value}\nA =\nB = "open\nC-D = x\n`);
    assert.equal(problems.length, 4);
    for (const [i, problem] of problems.entries()) {
      assert.match(problem, new RegExp(`^secrets\\.conf, line ${i + 1}: .*NAME = program arguments`));
      assert.doesNotMatch(problem, /c0ffee/);
    }
  });
});

describe('the command of a secret', () => {
  async function fails(
    t: Parameters<typeof temporaryDirectory>[0],
    command: string,
    message: RegExp,
  ): Promise<void> {
    const { commands } = commandsOf(`S = ${command}`);
    const options = {
      directory: temporaryDirectory(t),
      environment: { PATH: process.env.PATH },
      timeoutMs: 300,
    };
    await assert.rejects(fetchSecrets(commands, ['S'], options), (error: ProvisionError) => {
      assert.equal(error.code, 'provision/secret-failed');
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /c0ffee/);
      assert.equal(error.cause, undefined);
      return true;
    });
  }

  test('fails with its reason, without the value', (t) =>
    fails(
      t,
      `sh -c 'echo ${value}; echo no such key near ${value} >&2; exit 3'`,
      /secret S ended with exit code 3: no such key near \*\*\*\. /,
    ));

  test('fails when it is not there', (t) =>
    fails(t, 'no-such-program x', /cannot be started: "no-such-program" \(ENOENT\)/));
  test('fails when it prints nothing', (t) => fails(t, 'true', /printed nothing/));
  test('is stopped when it takes too long, with what it has started', (t) =>
    fails(t, "sh -c 'sleep 60 & sleep 60'", /did not end within 0\.3 s/));
  test('is stopped when it prints too much', (t) => fails(t, 'yes', /printed more than 65536 bytes/));

  test('hides a value by lines and words', () => {
    assert.equal(withoutValue('bad pass wor in "one two"', 'one two\nthree pass\n'), 'bad *** wor in "***"');
  });
});

describe('a file with a secret', () => {
  const conf = 'template:app.env.j2:app.env\n';
  const secretsConf = `API_KEY = sh -c "cat ../value"\n`;

  function scene(t: Parameters<typeof temporaryDirectory>[0]): ProvisionScene {
    const made = new ProvisionScene(t, {
      '.gitignore': 'app.env\n',
      'app.env.j2': 'KEY={{ secret.API_KEY }}\n',
    });
    writeTree(made.root, { value: `${value}\n` });
    return made;
  }

  test('can be read by its owner only, and the value is nowhere else', async (t) => {
    const made = scene(t);
    const request = made.request(conf, { secretsConf });
    const plan = await planProvisioning(request);
    const report = await applyProvisioning(request);
    const file = join(made.workspace, 'app.env');
    assert.equal(readFileSync(file, 'utf8'), `KEY=${value}\n`);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(report.secrets, ['API_KEY']);
    const printed = JSON.stringify([plan, report, [...report.ports]]);
    assert.doesNotMatch(printed, /c0ffee/);
    const holders = readdirSync(made.root, { recursive: true, encoding: 'utf8' }).filter((path) => {
      const whole = join(made.root, path);
      return statSync(whole).isFile() && readFileSync(whole).includes(value);
    });
    assert.deepEqual(holders.sort(), ['main/.worktrees/one/app.env', 'value']);
    const hash = createHash('sha256').update(readFileSync(file)).digest('hex');
    const record = join(made.main, '.git/worktrees/one/micelio/provisioned.json');
    assert.ok(!readFileSync(record, 'utf8').includes(hash));
    assert.equal(statSync(record).mode & 0o777, 0o600);
  });

  test('is not fetched again while nothing has changed, and is removed unless it was edited', async (t) => {
    const made = scene(t);
    await applyProvisioning(made.request(conf, { secretsConf }));
    const again = await applyProvisioning(made.request(conf, { secretsConf: 'API_KEY = false\n' }));
    assert.deepEqual(
      again.steps.map(({ state }) => state),
      ['unchanged'],
    );
    const { removed } = await cleanUpProvisioning(made.request(''));
    assert.deepEqual(removed, ['app.env']);
    await applyProvisioning(made.request(conf, { secretsConf }));
    writeFileSync(join(made.workspace, 'app.env'), `KEY=${value}x\n`);
    const { kept } = await cleanUpProvisioning(made.request(''));
    assert.deepEqual(kept, ['app.env']);
  });

  test('is not written when a command fails, and neither is anything else', async (t) => {
    const made = scene(t);
    writeTree(made.main, { 'app.env': 'x' });
    const before = contentsOf(made.workspace);
    await assert.rejects(
      applyProvisioning(made.request(conf, { secretsConf: 'API_KEY = false\n' })),
      /exit code 1, without a word/,
    );
    const unknown = {
      code: 'provision/variable-undefined',
      message:
        /^app\.env\.j2, line 1: no command is known for the secret API_KEY\. Add a line to secrets\.conf /,
    };
    await assert.rejects(applyProvisioning(made.request(conf)), unknown);
    // Also where nothing is written, it is one thing that is wrong.
    await assert.rejects(planProvisioning(made.request(conf)), unknown);
    assert.deepEqual(contentsOf(made.workspace), before);
  });
});
