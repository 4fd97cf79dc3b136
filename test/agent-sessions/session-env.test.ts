import assert from 'node:assert/strict';
import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { agentNamed, HubScratch } from './hub-scratch.ts';

const template = '_AGENTS/sessions/_templates/session-env.template.j2';

test('what a project adds to the template of .session-env is in the folder of a session and in its workspace', async () => {
  const scratch = await HubScratch.create();
  await scratch.bash(`
echo "export DATABASE_URL='postgresql://localhost/{{ SESSION_SLUG }}?as={{ USER_NAME }}'" >> ${template}
git commit -qam 'A database for each session'
`);
  const says = async (workspace: string, environment = {}) => {
    const names = ['DATABASE_URL', 'SESSION_SLUG', 'SESSION_BRANCH', 'SESSION_DIR', 'GIT_AUTHOR_NAME'];
    const line = `. ./.session-env && printf '%s\\n' ${names.map((name) => `"$${name}"`).join(' ')}`;
    return (await scratch.type(line, { in: workspace, environment })).split('\n');
  };
  const expected = (slug: string, directory: string, agent: string) => [
    `postgresql://localhost/${slug}?as=${agent}`,
    ...[slug, `session/${slug}`, directory, agent],
  ];
  for (const kind of ['clone', 'worktree']) {
    const { slug, workspace } = await scratch.started(`in a ${kind}`, `--workspace=${kind}`);
    assert.deepEqual(await says(workspace), expected(slug, workspace, 'ada'));
    const folder = scratch.read(`_AGENTS/sessions/active/${slug}/.session-env`) ?? '';
    assert.ok(readFileSync(join(workspace, '.session-env'), 'utf8').startsWith(folder));

    // Whoever takes it over has it with another name, and in the end it may be elsewhere.
    const options = { in: scratch.hub, environment: agentNamed('bob') };
    await scratch.mic(['session', 'claim', slug, '--take-over', '--now'], options);
    assert.deepEqual(await says(workspace), expected(slug, workspace, 'bob'));
    if (kind === 'worktree') continue;
    const moved = `${workspace}-moved`;
    renameSync(workspace, moved);
    await scratch.mic(['session', 'repair'], { ...options, in: moved });
    assert.deepEqual(await says(moved), expected(slug, moved, 'bob'));
  }
});

test('a template that cannot be rendered is told before anything is claimed', async () => {
  const scratch = await HubScratch.create();
  const slug = await scratch.planned('one');
  await scratch.bash(`echo "export X={{ NOBODY }}" >> ${template} && git commit -qam 'Oh'`);
  const { stderr } = await scratch.mic(['session', 'claim', slug], { in: scratch.hub, exit: 2 });
  assert.match(stderr, /session-env\.template\.j2.*NOBODY/s);
  assert.equal(await scratch.stateOf(slug), 'planned');
});
