import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Scratch } from '../mic.ts';
import { follow } from '../transcript.ts';

/*
 * The scripts of the document about hubs and spokes, in `first-scripts/` as they stand there, and the lines it has between
 * them. The first test is a day on which all goes well; each other one is named for what a script does not hold, shows that
 * it does not, and then shows `mic` in the same place.
 */

const files = { 'README.md': 'a project\n', 'feature.py': 'pass\n', 'src/a.c': 'int a;\n' };

/**
 * Follows a transcript, in a directory that has the scripts, `plain` (a repository as the document has it), `hub` (the same
 * one, with sessions by `mic`), and the bare remotes of both, `plain.git` and `hub.git`.
 */
async function followed(transcript: string): Promise<void> {
  const scratch = new Scratch('first scripts');
  const scripts = fileURLToPath(new URL('first-scripts', import.meta.url));
  cpSync(scripts, join(scratch.directory, 'scripts'), { recursive: true });
  for (const name of ['plain', 'hub']) {
    const directory = await scratch.repository(name, files);
    await scratch.run('sh', ['-c', 'echo two >> README.md && git commit -qam "Go on"'], { in: directory });
    if (name === 'hub') await scratch.mic(['init'], { in: directory });
    await scratch.git(['init', '-q', '--bare', '-b', 'main', `${name}.git`], scratch.directory);
    await scratch.git(['remote', 'add', 'origin', `../${name}.git`], directory);
    await scratch.git(['push', '-q', 'origin', 'main'], directory);
  }
  await follow(scratch, transcript, 'bash');
}

describe('the scripts that sessions were first described with', { concurrency: 2 }, () => {
  test('as they stand, on a day when all goes well; and the same with mic', () =>
    followed(`
$ cd plain
$ bash ../scripts/create-session-shallow-spoke.sh my-feature
Creating shallow session clone: my-feature
...
✓ Session created
  Source:   * (local)
  Location: .sessions/my-feature
  Branch:   session/my-feature
  Method:   Shallow clone (ephemeral)

$ cd .sessions/my-feature
$ source .session-env
$ echo "new feature" > feature.txt
$ git add feature.txt
$ git commit -m "Add feature"
...
$ git push upstream session/my-feature
...
 * [new branch]      session/my-feature -> session/my-feature

$ cd ../..
$ bash ../scripts/complete-session-spoke.sh my-feature
...
✓ Session pushed to main repo
...
✓ Session completed and cleaned

$ bash ../scripts/sync-main-to-cloud.sh > synced 2>&1
[127]
$ cat feature.txt; ls .sessions; git -C ../plain.git log --format=%s main
new feature
Add feature
Go on
Begin

$ cd ../hub
$ mic session start my-feature --slug 2025-10-14-my-feature
Session:   2025-10-14-my-feature
Workspace: */hub/.sessions/2025-10-14-my-feature
Branch:    session/2025-10-14-my-feature
...
$ cd .sessions/2025-10-14-my-feature
$ source .session-env
$ echo "new feature" > feature.txt
$ git add feature.txt
$ git commit -qm "[2025-10-14-my-feature] feat: add feature"
$ git push -q upstream session/2025-10-14-my-feature
$ cd ../..
$ mic session complete 2025-10-14-my-feature
Completed 2025-10-14-my-feature: its changes are on main, as *.
$ mic hub sync
origin/main got main (* commits)

$ cat feature.txt; ls .sessions; git -C ../hub.git log --format=%s main | grep feat:
new feature
[2025-10-14-my-feature] feat: my-feature
`));

  test('create: the clone is not shallow, and shares files with the hub', () =>
    followed(`
$ cd plain
$ bash ../scripts/create-session-shallow-spoke.sh x 2>&1 | grep warning
warning: --depth is ignored in local clones; use file:// instead.

$ git -C .sessions/x rev-parse --is-shallow-repository; git -C .sessions/x rev-list --count HEAD
false
2

$ test -n "$(find .sessions/x/.git/objects -type f -links +1)"
$ cd ../hub
$ mic session start x --slug 2025-10-14-x > started
$ cd .sessions/2025-10-14-x
$ git rev-parse --is-shallow-repository; git rev-list --count HEAD
true
1

$ test -z "$(find .git/objects -type f -links +1)"
$ git config remote.upstream.url; git config push.default
file://*/hub/.git
current
`));

  test('create: two have one session, and the script says ✓ to the second, though nothing in it has worked', () =>
    followed(`
$ cd plain
$ bash ../scripts/create-session-shallow-spoke.sh x > first 2>&1
$ cd .sessions/x && echo mine > mine && git add mine && git commit -qm Mine && cd ../..
$ bash ../scripts/create-session-shallow-spoke.sh x
Creating shallow session clone: x
fatal: destination path '.sessions/x' already exists and is not an empty directory.
error: No such remote: 'origin'
fatal: a branch named 'session/x' already exists
✓ Session created
...
$ cd ../hub
$ mic session draft x --slug 2025-10-14-x --criterion 'It works' > ../drafted && mic session ready 2025-10-14-x > ../ready
$ mic session claim 2025-10-14-x > claimed
$ MICELIO_AGENT_NAME=bob MICELIO_AGENT_EMAIL=bob@example.org mic session claim 2025-10-14-x
mic: Session 2025-10-14-x is not yours: *
[9]
`));

  test('create: .session-env runs what is in the name of a directory, is true in one directory only, and says nobody’s name', () =>
    followed(`
$ mv plain 'plain-$(echo run by source >&2)'
$ cd plain-*
$ bash ../scripts/create-session-shallow-spoke.sh x > made 2>&1
$ cd .sessions/x/src
$ source ../.session-env
run by source

$ echo "$SESSION_DIR" | grep -o '.sessions.*'; cd ..
.sessions/x/src

$ echo 1 > 1; git add 1; git commit -qm One; git log -1 --format=%an
Git Author

$ cd ../../..
$ mv hub 'hub-$(echo run by source >&2)'
$ cd hub-*
$ mic session start x --slug 2025-10-14-x > started
$ cd .sessions/2025-10-14-x/src
$ source ../.session-env
$ echo "$SESSION_DIR" | grep -o '.sessions.*'
.sessions/2025-10-14-x

$ echo 1 > 1; git add 1; git commit -qm '[2025-10-14-x] feat: one'; git log -1 --format=%an
ada
`));

  test('create: clone and .session-env are in the way of whoever adds all files, in the hub and in the session', () =>
    followed(`
$ cd plain
$ bash ../scripts/create-session-shallow-spoke.sh x > ../made 2>&1
$ git status --short; git -C .sessions/x status --short
?? .sessions/
?? .session-env

$ git add --all
warning: adding embedded git repository: .sessions/x
...
$ cd ../hub
$ mic session start x --slug 2025-10-14-x > ../started
$ git status --short; git -C .sessions/2025-10-14-x status --short
$ git add --all; git status --short
`));

  test('create: called below the top of the hub, it puts the session there; called in a session, it makes a session of that', () =>
    followed(`
$ cd plain/src
$ bash ../../scripts/create-session-shallow-spoke.sh x > made 2>&1; ls -d .sessions/x
.sessions/x

$ cd .sessions/x
$ bash ../../../../scripts/create-session-shallow-spoke.sh y 2>&1 | grep Source
  Source:   */plain/src/.sessions/x (local)

$ git -C .sessions/y config remote.upstream.url
*/plain/src/.sessions/x

$ cd ../../../../hub/src
$ mic session start x --slug 2025-10-14-x > started; cd ../.sessions/2025-10-14-x
$ mic session start y --slug 2025-10-14-y > started; cd ../2025-10-14-y
$ git config remote.upstream.url
file://*/hub/.git
`));

  test('complete: after a conflict main has the markers, what was not committed is gone, and all is said to be well', () =>
    followed(`
$ cd plain
$ bash ../scripts/create-session-shallow-spoke.sh x > made 2>&1
$ cd .sessions/x && echo session > README.md && git commit -qam Session && echo thoughts > thoughts && cd ../..
$ echo main > README.md && git commit -qam Main
$ bash ../scripts/complete-session-spoke.sh x
...
CONFLICT (content): Merge conflict in README.md
...
✓ Session completed and cleaned

$ head -1 README.md; ls .sessions; find . -name thoughts
<<<<<<< HEAD

$ cd ../hub
$ mic session start x --slug 2025-10-14-x > started
$ cd .sessions/2025-10-14-x && echo session > README.md && git commit -qam '[2025-10-14-x] feat: x' && echo thoughts > thoughts && cd ../..
$ echo main > README.md && git commit -qam Main
$ mic session complete 2025-10-14-x
mic: * not committed:
  ?? thoughts
...
[4]
$ cd .sessions/2025-10-14-x && git add thoughts && git commit -qm '[2025-10-14-x] docs: thoughts' && cd ../..
$ mic session complete 2025-10-14-x
...
[5]
$ cat README.md; ls .sessions; mic session list
main
2025-10-14-x
2025-10-14-x  conflicted *
`));

  test('complete: what was never pushed is gone where the push is refused', () =>
    followed(`
$ cd plain
$ bash ../scripts/create-session-shallow-spoke.sh x > made 2>&1
$ cd .sessions/x && echo first > x && git add x && git commit -qm First && git push -q upstream session/x
$ echo second > x && git commit -qa --amend -m Second && cd ../..
$ bash ../scripts/complete-session-spoke.sh x
To *
 ! [rejected]        session/x -> session/x (non-fast-forward)
...
✓ Session completed and cleaned

$ cat x; ls .sessions
first

$ cd ../hub
$ mic session start x --slug 2025-10-14-x > started; cd .sessions/2025-10-14-x
$ echo first > x && git add x && git commit -qm '[2025-10-14-x] feat: first' && git push -q upstream session/2025-10-14-x
$ echo second > x && git commit -qa --amend -m '[2025-10-14-x] feat: second' && cd ../..
$ mic session complete 2025-10-14-x
Completed *
$ cat x
second
`));

  test('complete: it merges into whatever is checked out, or nowhere where that has edits, and the session goes all the same', () =>
    followed(`
$ cd plain
$ for x in one two; do bash ../scripts/create-session-shallow-spoke.sh $x; done > made 2>&1
$ for x in one two; do (cd .sessions/$x && echo $x > feature.py && git commit -qam $x); done
$ git checkout -q -b diary
$ bash ../scripts/complete-session-spoke.sh one > said 2>&1; git log -1 --format=%s main; git log -1 --format=%s diary
Go on
one

$ git checkout -q main; echo mine > feature.py
$ bash ../scripts/complete-session-spoke.sh two 2>&1 | grep -E 'error|✓'
✓ Session pushed to main repo
error: Your local changes to the following files would be overwritten by merge:
✓ Session completed and cleaned

$ git log -1 --format=%s; ls .sessions
Go on

$ cd ../hub
$ for x in one two; do mic session start $x --slug 2025-10-14-$x; done > ../started
$ (cd .sessions/2025-10-14-one && echo one > one && git add one && git commit -qm '[2025-10-14-one] feat: one')
$ (cd .sessions/2025-10-14-two && echo two > feature.py && git commit -qam '[2025-10-14-two] feat: two')
$ git checkout -q -b diary
$ mic session complete 2025-10-14-one
Completed *
$ git show main:one; git log -1 --format=%s diary
one
[2025-10-14-two] session: *

$ git checkout -q main; echo mine > README.md
$ mic session complete 2025-10-14-two
Completed *
$ cat feature.py README.md; git status --short
two
mine
 M README.md
`));

  test('complete: without a name, it deletes all sessions', () =>
    followed(`
$ cd plain
$ for x in one two; do bash ../scripts/create-session-shallow-spoke.sh $x; done > made 2>&1
$ bash ../scripts/complete-session-spoke.sh
...
✓ Session completed and cleaned

$ test -e .sessions
[1]
$ cd ../hub
$ for x in one two; do mic session start $x --slug 2025-10-14-$x; done > ../started
$ mic session complete
mic: Which session? *
  2025-10-14-one  ada  *
  2025-10-14-two  ada  *
[3]
$ ls .sessions
2025-10-14-one
2025-10-14-two
`));

  test('sync: its last line is no command; where main conflicts, all else is pushed; branches and tags that are nobody else’s as well', () =>
    followed(`
$ git clone -q plain.git plain-other && cd plain-other && echo theirs > README.md && git commit -qam Theirs && git push -q && cd ..
$ cd plain
$ git branch diary; git tag private; echo ours > README.md; git commit -qam Ours
$ bash ../scripts/sync-main-to-cloud.sh 2>&1 | grep -E 'CONFLICT|^ [!*]|✓'
CONFLICT (content): Merge conflict in README.md
 * [new branch]      diary -> diary
 ! [rejected]        main -> main (*)
 * [new tag]         private -> private
../scripts/sync-main-to-cloud.sh: line *: ✓ Main repo synced with cloud: command not found

$ git status --short
UU README.md

$ cd ..
$ git clone -q hub.git hub-other && cd hub-other && echo theirs > README.md && git commit -qam Theirs && git push -q && cd ..
$ cd hub
$ git branch diary; git tag private; echo ours > README.md; git commit -qam Ours
$ mic hub sync
...
[5]
$ git status --short; git ls-remote --refs origin | cut -f2
refs/heads/main

$ git reset -q --hard HEAD~ && echo ours > ours && git add ours && git commit -qm Ours
$ mic hub sync --sessions
*
$ git ls-remote --refs origin | cut -f2; cat README.md ours
refs/heads/main
theirs
ours
`));
});
