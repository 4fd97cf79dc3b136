import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { Scratch } from '../mic.ts';
import { describeWherePossible, type Lack } from '../needs.ts';

const host = 'host.test';

/** A cloud repository that is reached by ssh, and hubs of it. */
class SshScratch extends Scratch {
  readonly cloud = join(this.directory, 'cloud.git');
  /** Where the stand-in for ssh writes what it was called with. */
  readonly calls = join(this.directory, 'calls');

  static async create(): Promise<SshScratch> {
    const scratch = new SshScratch('ssh');
    await scratch.git(['init', '-q', '--bare', '-b', 'main', scratch.cloud], scratch.directory);
    return scratch;
  }

  override get environment(): Record<string, string> {
    const { PATH, ...others } = super.environment;
    return { ...others, PATH: `${join(this.directory, 'bin')}:${PATH}`, SSH_CALLS: this.calls };
  }

  /**
   * Stands in for ssh where there is no server: runs on this machine what it is told to run on the other one. Told to ask
   * nothing, it lets nobody in while there is a file `locked`; otherwise it only says that it has asked.
   */
  standIn(): void {
    this.files('bin', {});
    writeFileSync(
      join(this.directory, 'bin/ssh'),
      `#!/bin/sh
echo "$*" >> "$SSH_CALLS"
case " $* " in *" BatchMode=yes "*) ;; *) echo "ASKED" >> "$SSH_CALLS"; exit 255 ;; esac
for command; do :; done
case $command in git-*) ;; *) exit 255 ;; esac
[ -e '${join(this.directory, 'locked')}' ] && { echo "git@${host}: Permission denied (publickey,password)." >&2; exit 255; }
eval "$command"
`,
      { mode: 0o755 },
    );
  }

  /** A hub with sessions, for which the cloud decides. */
  async decidedHub(name: string): Promise<string> {
    const hub = await this.repository(name, { 'a.txt': 'a\n' });
    await this.git(['remote', 'add', 'origin', `ssh://git@${host}${encodeURI(this.cloud)}`], hub);
    await this.git(['push', '-q', this.cloud, 'main'], hub);
    await this.mic(['init', '--authority=origin'], { in: hub });
    return hub;
  }

  /** A session, from its start to its end. */
  async workIn(hub: string): Promise<void> {
    const slug = '2025-10-14-one';
    await this.mic(['session', 'start', 'one', `--slug=${slug}`], { in: hub });
    const workspace = join(hub, '.sessions', slug);
    const line = `echo b > b.txt && git add b.txt && git commit -qm '[${slug}] feat: b'`;
    await this.type(line, { in: workspace });
    await this.mic(['session', 'complete'], { in: workspace });
  }

  async main(directory: string): Promise<string> {
    return (await this.git(['rev-parse', 'main'], directory)).stdout;
  }
}

describe('a remote over ssh', { concurrency: 2 }, () => {
  test('decides for its hubs, syncs, and ssh is never let ask', async () => {
    const scratch = await SshScratch.create();
    scratch.standIn();
    const hub = await scratch.decidedHub('hub');
    await scratch.workIn(hub);
    assert.equal(await scratch.main(scratch.cloud), await scratch.main(hub));
    assert.equal((await scratch.git(['show', 'main:b.txt'], scratch.cloud)).stdout, 'b\n');
    await scratch.type('echo c > c.txt && git add c.txt && git commit -qm c', { in: hub });
    await scratch.mic(['hub', 'sync'], { in: hub });
    assert.equal(await scratch.main(scratch.cloud), await scratch.main(hub));
    const calls = readFileSync(scratch.calls, 'utf8');
    for (const words of ['git-upload-pack', 'git-receive-pack']) assert.match(calls, new RegExp(words));
    assert.doesNotMatch(calls, /ASKED/);
  });

  test('gets main with a completed session, where the hub decides', async () => {
    const scratch = await SshScratch.create();
    scratch.standIn();
    const hub = await scratch.repository('hub', { 'a.txt': 'a\n' });
    await scratch.mic(['init'], { in: hub });
    await scratch.git(['remote', 'add', 'origin', `ssh://git@${host}${encodeURI(scratch.cloud)}`], hub);
    await scratch.mic(['session', 'start', 'one', '--slug=2025-10-14-one'], { in: hub });
    const complete = ['session', 'complete', '2025-10-14-one', '--push'];
    await scratch.type("echo b > b.txt && git add b.txt && git commit -qm '[2025-10-14-one] feat: b'", {
      in: join(hub, '.sessions/2025-10-14-one'),
    });
    await scratch.mic(complete, { in: hub });
    assert.equal(await scratch.main(scratch.cloud), await scratch.main(hub));
    assert.doesNotMatch(readFileSync(scratch.calls, 'utf8'), /ASKED/);
  });

  test('that would ask for a password is an error at once, which says what to do; nothing has changed', async () => {
    const scratch = await SshScratch.create();
    scratch.standIn();
    const hub = await scratch.decidedHub('hub');
    const before = await scratch.main(scratch.cloud);
    writeFileSync(join(scratch.directory, 'locked'), '');
    for (const args of [
      ['hub', 'sync'],
      ['session', 'start', 'one'],
    ]) {
      const { stderr } = await scratch.mic(args, { in: hub, exit: exitCodes.unavailable.code });
      assert.match(stderr, /ssh asks nothing here.*ssh-add.*Permission denied/s);
    }
    const { access } = await scratch.json<{ access: { state: string } }>(['hub', 'status'], { in: hub });
    assert.equal(access.state, 'unauthorized');
    assert.equal(await scratch.main(scratch.cloud), before);
  });
});

/** What it takes to run a real sshd for one connection, without a port: ssh starts it, as its way to the host. */
const sshd = ['/usr/sbin/sshd', '/usr/local/sbin/sshd'].find((path) => existsSync(path));
const lack: Lack =
  sshd === undefined
    ? 'there is no sshd on this machine (Debian: openssh-server)'
    : spawnSync('script', ['-qefc', 'true', '/dev/null'], { stdio: 'ignore' }).status === 0
      ? undefined
      : 'there is no "script" that gives a program a terminal';

describeWherePossible('a remote over ssh, with a real server and a terminal to ask on', lack, () => {
  /** A hub of a cloud that a server has, for who has `key`, in whose configuration `lines` come first. */
  async function served(lines: (directory: string) => readonly string[] = () => []) {
    const scratch = await SshScratch.create();
    const hub = await scratch.repository('hub', { 'a.txt': 'a\n' });
    await scratch.git(['remote', 'add', 'origin', `ssh://${host}${encodeURI(scratch.cloud)}`], hub);
    // Without a space: sshd and ssh read paths each in a way of its own.
    const directory = join(hub, '.git/ssh');
    mkdirSync(directory);
    const keygen = (name: string, phrase: string) =>
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', phrase, '-f', join(directory, name)]);
    for (const [name, phrase] of [
      ['host-key', ''],
      ['key', ''],
      ['locked-key', 'a passphrase'],
    ] as const) {
      keygen(name, phrase);
    }
    const publicKey = (name: string) => readFileSync(join(directory, `${name}.pub`), 'utf8');
    const write = (name: string, ...text: readonly string[]) =>
      writeFileSync(join(directory, name), `${text.join('\n')}\n`, { mode: 0o600 });
    write('authorized', publicKey('key'), publicKey('locked-key'));
    write('known', `${host} ${publicKey('host-key')}`);
    write(
      'sshd_config',
      ...[`HostKey "${directory}/host-key"`, `AuthorizedKeysFile "${directory}/authorized"`],
      ...['StrictModes no', 'UsePAM no', 'PasswordAuthentication yes', 'PermitRootLogin yes'],
      ...['KbdInteractiveAuthentication no', 'AcceptEnv GIT_PROTOCOL', 'LogLevel QUIET'],
    );
    write(
      'ssh_config',
      ...[`Host ${host}`, ...lines(directory)],
      ...[`ProxyCommand ${sshd} -i -f "${directory}/sshd_config"`, `User ${userInfo().username}`],
      ...[`IdentityFile "${directory}/key"`, 'IdentitiesOnly yes', 'IdentityAgent none'],
      ...[`UserKnownHostsFile "${directory}/known"`, 'GlobalKnownHostsFile /dev/null'],
    );
    // A server that is started as root wants an empty directory of its own.
    if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    await scratch.git(['config', 'core.sshCommand', `ssh -F '${directory}/ssh_config'`], hub);
    return { scratch, hub };
  }

  /** Runs `mic hub sync` on a terminal. One that asks waits for ever, and is ended. */
  const sync = (scratch: SshScratch, hub: string, exit: number) =>
    scratch.run('timeout', ['20', 'script', '-qefc', 'mic hub sync', '/dev/null'], { in: hub, exit });

  test('lets in who has a key, by what the user has configured', async () => {
    const { scratch, hub } = await served();
    await sync(scratch, hub, exitCodes.ok.code);
    assert.equal(await scratch.main(scratch.cloud), await scratch.main(hub));
  });

  for (const [what, lines] of [
    ['the password of who has no key', () => []],
    ['the passphrase of a key', (directory: string) => [`IdentityFile "${directory}/locked-key"`]],
    ['whether a host is the right one', () => ['UserKnownHostsFile /dev/null']],
  ] as const) {
    test(`is not let ask for ${what}`, async () => {
      const { scratch, hub } = await served(lines);
      if (what !== 'whether a host is the right one') rmSync(join(hub, '.git/ssh/key'));
      const { stdout } = await sync(scratch, hub, exitCodes.unavailable.code);
      assert.match(stdout, /ssh asks nothing here/);
      assert.doesNotMatch(stdout, /'s password:|Enter passphrase|\(yes\/no/);
      assert.equal((await scratch.git(['for-each-ref'], scratch.cloud)).stdout, '');
    });
  }
});
