import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Git } from './git-process.ts';
import { ScratchRepository, scratchEnvironment } from './scratch-repository.ts';
import { sshEnvironment } from './ssh-command.ts';

test('ssh is told to ask nothing, after what the user tells it; another program is left alone', async (t) => {
  const scratch = ScratchRepository.create(t);
  const ours = 'ssh -o BatchMode=yes';
  for (const [environment, configured, expected] of [
    [{}, '', ours],
    [{ GIT_SSH_COMMAND: '' }, '', ours],
    [{}, "ssh -i '/keys/of me' -o BatchMode=no", "ssh -i '/keys/of me' -o BatchMode=no -o BatchMode=yes"],
    [{}, '/opt/bin/ssh', '/opt/bin/ssh -o BatchMode=yes'],
    [{ GIT_SSH_COMMAND: 'ssh -v' }, '/opt/bin/ssh', 'ssh -v -o BatchMode=yes'],
    [{ GIT_SSH: '/opt/plink' }, '', undefined],
    [{ GIT_SSH: '/opt/plink' }, 'ssh -4', 'ssh -4 -o BatchMode=yes'],
    [{ GIT_SSH_COMMAND: 'plink -batch' }, '', undefined],
    [{}, 'sshfs-like -x', undefined],
  ] as const) {
    scratch.git(['config', 'core.sshCommand', configured]);
    if (configured === '') scratch.git(['config', '--unset', 'core.sshCommand']);
    const repository = { ...(await scratch.open()), git: new Git({ ...scratchEnvironment, ...environment }) };
    const { GIT_SSH_COMMAND } = await sshEnvironment(repository);
    assert.equal(GIT_SSH_COMMAND, expected, JSON.stringify([environment, configured]));
  }
});
