import type { InitReport } from '../app/hub/init.ts';
import { textFromPath } from '../tree/path.ts';
import { columns, counted } from './wording.ts';

type Tense = 'is done' | 'would be done';

/** What laying out sessions came to, for people. */
export function describeInit(report: InitReport, tense: Tense): string {
  const { steps, branch, commit, layout, via } = report;
  const root = textFromPath(layout.root);
  const changes = steps.filter(({ action }) => action !== 'keep');
  const kept = steps.filter(({ action }) => action === 'keep');
  const edited = kept.map(({ path }) => ['keep', `${textFromPath(path)} (edited)`]);
  if (changes.length === 0 || (tense === 'is done' && commit === undefined)) {
    const nothing = `Nothing to do: ${root}/ is laid out on ${branch}.`;
    const rows = edited.length === 0 ? [] : [columns(edited)];
    return [nothing, ...rows, ...whoDecides(report, 'is done')].join('\n');
  }
  const rows = [...changes.map(({ action, path }) => [action, textFromPath(path)]), ...edited];
  const files = counted(changes.length, 'file');
  if (tense === 'would be done') {
    return [
      `Would commit ${files} on ${branch}${via === undefined ? '' : `, and push to ${via}`}:`,
      columns(rows),
      ...whoDecides(report, tense),
      'Nothing was changed.',
    ].join('\n');
  }
  return [
    `Committed ${files} on ${branch} (${commit!.slice(0, 10)})${via === undefined ? '' : `, and pushed to ${via}`}:`,
    columns(rows),
    ...whoDecides(report, tense),
    '',
    `How sessions work is in ${root}/sessions/SESSIONS-README.md. The first one:`,
    '  mic session draft "What is to be done" --criterion "What must hold then"',
  ].join('\n');
}

/** Who decides who has a session, where that is not plain, and how to change it. */
function whoDecides({ decider, remotes, branch }: InitReport, tense: Tense): string[] {
  const [remote = 'origin'] = remotes;
  const letDecide = `mic init --authority ${remote}`;
  // The remote gets nobody's commits by that, so also not the one that has just been made here.
  const fromNowOn =
    tense === 'is done' ? `git push ${remote} ${branch}, then ${letDecide}` : `${letDecide} instead`;
  switch (decider.kind) {
    case 'this':
      return remotes.length === 0
        ? []
        : [
            `This repository decides who has a session, for all who work in it. Other clones of ${remote} can read the sessions, and not claim them.`,
            `For agents on several machines, let the remote decide: ${fromNowOn}`,
          ];
    case 'remote':
      return [`The remote "${decider.name}" decides who has a session, for all clones of it.`];
    case 'another':
      return [
        'Another repository decides who has a session: here they can be read, and not claimed.',
        `For agents in several clones, let the remote decide: "${letDecide}" there, then "git pull" here.`,
      ];
    case 'nobody':
      return [
        'It is not said who decides who has a session, so nobody can claim one. Say it:',
        `  ${letDecide}   for agents on several machines, each with a clone`,
        '  mic init --authority local    for those who work in this repository alone',
      ];
  }
}

/** What is worth knowing besides. */
export function initNotes({ notes, ignoreLines }: InitReport): string[] {
  const told = notes.flatMap((note): string[] => {
    if (note.kind === 'hub-diverged')
      return [
        `Main here has commits that "${note.remote}" has not, so it stays where it is: bring both together with git pull.`,
      ];
    const edited = note.conflicts.map((path) => `"${textFromPath(path)}"`).join(', ');
    const conflicts =
      edited === ''
        ? []
        : [
            `Yours in ${note.directory}, and as it was: ${edited}. Main has another version; "git add" keeps yours, "git checkout --theirs" takes that of main.`,
          ];
    const left = `${note.directory} has not followed main: ${note.reason}. Once git is done there, "mic init" brings it along.`;
    return note.outcome === 'left' ? [left, ...conflicts] : conflicts;
  });
  if (ignoreLines.length === 0) return told;
  return [
    ...told,
    `Your .gitignore is not committed yet, so it was left alone. Add these lines to it: ${ignoreLines.join(' ')} ("mic init" does so once it is committed.)`,
  ];
}
