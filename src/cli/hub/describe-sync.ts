import type { SyncReport } from '../../app/hub/sync.ts';
import { type TreePath, textFromPath } from '../../tree/path.ts';
import { counted } from '../wording.ts';

/** A ref, as people call it. */
export function shortName(ref: string): string {
  return ref.replace(/^refs\/(?:heads|tags)\//, '');
}

/** How refs stand, as lists of their names. */
export function standingsJson(standings: SyncReport['sessions']) {
  const named = (...which: readonly string[]) =>
    standings.filter(({ standing }) => which.includes(standing)).map(({ ref }) => shortName(ref));
  return {
    pushed: named('new', 'ahead'),
    even: named('even'),
    behind: named('behind'),
    apart: named('apart'),
  };
}

/** What became of main, or would. */
export function mainLine({ remote, main, plan, apart }: SyncReport, dryRun: boolean): string {
  const theirs = `${remote}/${main}`;
  const [gets, goes] = dryRun ? ['would get', 'would go'] : ['got', 'went'];
  switch (plan.kind) {
    case 'even':
      return `${main} and ${theirs} are the same`;
    case 'follow':
      return `${main} ${goes} forward to ${theirs}${commits(apart.there)}`;
    case 'push':
      return `${theirs} ${gets} ${main}${commits(apart.here)}`;
    case 'merge':
      return `${main} ${gets} ${theirs}${commits(apart.there)} by a merge, and ${theirs} ${gets} ${main}${commits(apart.here)}`;
    case 'rebase':
      return `${main} ${goes} on top of ${theirs}${commits(apart.there)}, and ${theirs} ${gets} ${main}${commits(apart.here)}`;
  }
}

function commits(count: number): string {
  return count === 0 ? '' : ` (${counted(count, 'commit')})`;
}

/** What was not pushed, and what to do about it. */
export function standingNotes(remote: string, standings: SyncReport['sessions']): string[] {
  return standings.flatMap(({ ref, standing }) => {
    const name = shortName(ref);
    if (standing === 'behind')
      return [`${name} has more commits at ${remote} than here, and stays as it is.`];
    if (standing !== 'apart') return [];
    return ref.startsWith('refs/tags/')
      ? [`The tag ${name} is another one at ${remote}, and was not pushed. Delete the wrong one of the two.`]
      : [
          `${name} has other commits at ${remote}, and was not pushed. If those here replace them: git push --force-with-lease ${remote} ${name}`,
        ];
  });
}

/** That branches of sessions which are over are still at a remote. */
export function finishedNotes(remote: string, { refused }: SyncReport['finished']): string[] {
  return refused === undefined
    ? []
    : [`Branches of sessions that are over stay at ${remote}, which would not delete them: ${refused}`];
}

/** Checkouts of main that followed it, and the files with edits in them. */
export function checkoutsJson(checkouts: SyncReport['checkouts']) {
  return checkouts.map(({ conflicts, merged, ...rest }) => ({
    ...rest,
    conflicts: conflicts.map(textFromPath),
    merged: merged.map(textFromPath),
  }));
}

/** What people whose checkouts of main followed it should know: which files they have edited, and what became of them. */
export function checkoutNotes(checkouts: SyncReport['checkouts']): string[] {
  return checkouts.flatMap(({ directory, outcome, conflicts, merged, reason }) => {
    const left = `${directory} was not brought along: ${reason}. The next "mic" that moves main does it.`;
    const kept = `In ${directory}, your edits of these were merged with what came, and are still not committed: ${namesOf(merged)}`;
    const unmerged = `In ${directory}, your edits of these conflict with what came, and the files are as you left them: ${namesOf(conflicts)}. "git diff HEAD -- FILE" there shows what main has (-) and what you have (+). Then "git add FILE" keeps yours; "git checkout HEAD -- FILE" takes what main has, and "git rm FILE" where main has none any more.`;
    return [
      ...(outcome === 'left' ? [left] : []),
      ...(merged.length > 0 ? [kept] : []),
      ...(conflicts.length > 0 ? [unmerged] : []),
    ];
  });
}

function namesOf(paths: readonly TreePath[]): string {
  return paths.map(textFromPath).join(', ');
}
