import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { describeMounted } from './mounted.ts';

/** Files that nobody edits meanwhile. */
const sources = join(import.meta.dirname, '..', '..', 'node_modules', '@types', 'node');

/** In the guest's memory: a repository with a history of edits, renames and removals. */
const makeOrigin = `
  origin=/run/tmp/origin
  git init -q -b main $origin; cp -r ${sources} $origin/src
  cd $origin; git add -A; git commit -qm sources
  for i in 1 2 3; do
    git mv src/fs src/fs$i; echo "line $i" >> src/README.md
    git add -A; git commit -qm "rename $i"; git mv src/fs$i src/fs; git commit -qm "back $i"
  done
  git rm -qr src/dns; git commit -qm 'remove dns'`;

const environment = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_AUTHOR_DATE: '2026-01-02T03:04:05Z',
  GIT_COMMITTER_NAME: 'ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
  GIT_COMMITTER_DATE: '2026-01-02T03:04:05Z',
};

/** What people do with a clone, in the current directory. Prints hashes, which hold all that git saw. */
const work = `
  git clone -q /run/tmp/origin clone; cd clone
  git status --porcelain
  echo changed >> src/README.md; mkdir new; echo new > new/file; rm src/tty.d.ts
  git status --porcelain
  git add -A; git commit -qm work; git checkout -qb topic HEAD~3
  echo topic > src/topic; git add src/topic; git commit -qm topic
  git merge -q --no-edit main
  git checkout -qb other HEAD~1; git rebase -q main
  echo stashed >> src/topic; git stash -q; git checkout -q topic; git stash pop -q; git status --porcelain
  git reset -q --hard; git clean -qfdx
  git worktree add -q ../worktree main; git -C ../worktree status --porcelain
  git log --format=%T --all --date-order
  git gc -q --prune=now; git fsck --full --strict --no-progress
  git rev-parse HEAD HEAD^{tree} main^{tree}`;

describeMounted('git', { programs: ['git'] }, (mounted) => {
  test('clones, commits, merges, collects garbage, and comes to the hashes of a local disk', async () => {
    await mounted().sh(makeOrigin, { environment });
    const options = { environment, timeoutMs: 180_000 };
    const here = await mounted().sh(work, options);
    const local = await mounted().sh(
      `mkdir /run/tmp/local; cd /run/tmp/local
${work}`,
      options,
    );
    assert.equal(here, local);
    assert.match(here, /^ M src\/README\.md$/m);
  });

  test('finds nothing changed after the server was started again and the client forgot everything', async () => {
    const { directory } = mounted();
    const clone = `${directory}/clone`;
    await mounted().sh(`git clone -q /run/tmp/origin ${clone}; cd ${clone}; git status >/dev/null; sync`, {
      environment,
    });
    await mounted().served.kill();
    await mounted().served.restart();
    // diff-files compares nothing but what "stat" says: times, inode, owner, size.
    await mounted().sh(`echo 3 > /proc/sys/vm/drop_caches; cd ${clone}; git diff-files --exit-code`, {
      environment,
    });
  });

  // By plumbing: two "git commit" share COMMIT_EDITMSG, and spoil each other's message on every file system.
  test('commits at the same time: of two, each gets in or is refused by the lock', async () => {
    const script = `
      git init -q -b main r; cd r; git commit -q --allow-empty -m first
      attempt() {
        head=$(git rev-parse -q --verify HEAD) || { echo no head to lock; return 1; }
        commit=$(git commit-tree -p $head -m $1 $head^{tree}) || return 1
        git update-ref HEAD $commit $head
      }
      for n in 1 2; do
        (for i in 1 2 3 4 5 6; do
          until attempt $n.$i >/run/tmp/refused$n 2>&1; do
            grep -q lock /run/tmp/refused$n || { cat /run/tmp/refused$n >&2; exit 1; }
          done
        done) &
        jobs[n]=$!
      done
      wait "\${jobs[1]}"; wait "\${jobs[2]}"
      git log --format=%s | sort | tr '\n' ' '; git fsck --strict --no-dangling`;
    const log = await mounted().sh(script, { environment });
    assert.equal(log.trim(), '1.1 1.2 1.3 1.4 1.5 1.6 2.1 2.2 2.3 2.4 2.5 2.6 first');
  });
});
