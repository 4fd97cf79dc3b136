import { type SyncReport, syncHub } from '../../app/hub/sync.ts';
import { systemClock } from '../../base/clock.ts';
import { Git } from '../../git/git-process.ts';
import { command } from '../command.ts';
import { flag, text } from '../options.ts';
import {
  checkoutNotes,
  checkoutsJson,
  finishedNotes,
  mainLine,
  shortName,
  standingNotes,
  standingsJson,
} from './describe-sync.ts';

export default command({
  summary: 'Bring the hub and its cloud remote together',
  description:
    "Fetches, brings main together (forward, or by one merge commit, or with --rebase by putting the hub's own commits on top), and\npushes main, and what else is asked for, all or nothing. No working tree is needed; a checkout of main follows, and nobody's\nedits are touched. A conflict moves nothing. Credentials come from git's credential helpers or GIT_ASKPASS.\nWhere the remote decides for several hubs (\"authority\"), main is only merged into it with --rebase.",
  options: {
    remote: text('--remote <name>', 'the remote (otherwise the one that decides for this hub, or origin)'),
    rebase: flag('--rebase', "put the hub's own commits on top of the remote's, instead of merging"),
    sessions: flag(
      '--sessions',
      'push the branches of sessions as well, and delete there those of sessions that are over',
    ),
    tags: flag('--tags', 'fetch and push tags as well'),
    dryRun: flag('--dry-run', 'only say what would be done; conflicts are found all the same'),
  },
  examples: [
    ['mic hub sync --sessions --tags', 'Everything there and back'],
    ['mic hub sync --rebase --dry-run', 'Would it go without a merge?'],
  ],
  async run(context, _args, { remote, rebase, sessions, tags, dryRun }) {
    const { configuration, environment, directory } = context;
    const surroundings = { git: new Git(environment), agent: configuration.agent, clock: systemClock };
    const report = await syncHub(surroundings, {
      directory,
      remote,
      how: rebase ? 'rebase' : 'merge',
      besides: [...(sessions ? ['sessions' as const] : []), ...(tags ? ['tags' as const] : [])],
      effect: dryRun ? 'try' : 'move',
    });
    return {
      json: { ...syncJson(report), dryRun },
      text: syncText(report, dryRun),
      notes: [
        ...finishedNotes(report.remote, report.finished),
        ...standingNotes(report.remote, [...report.sessions, ...report.tags]),
        ...checkoutNotes(report.checkouts),
      ],
    };
  },
});

function syncJson(report: SyncReport) {
  const { remote, main, authority, plan, apart, sessions, finished, tags, ...rest } = report;
  return {
    remote,
    main: { branch: main, did: plan.kind, commit: 'next' in plan ? plan.next : null, apart },
    authority,
    sessions: { ...standingsJson(sessions), deleted: finished.deleted.map(shortName) },
    tags: { ...standingsJson(tags), fetched: rest.tagsFetched.map(shortName) },
    checkouts: checkoutsJson(rest.checkouts),
  };
}

function syncText(report: SyncReport, dryRun: boolean): string {
  const pushed = (standings: SyncReport['sessions']) =>
    standings.filter(({ standing }) => standing === 'new' || standing === 'ahead');
  const would = dryRun ? 'would push' : 'pushed';
  const lines = [mainLine(report, dryRun)];
  for (const { ref } of pushed(report.sessions)) lines.push(`${would} ${shortName(ref)}`);
  for (const ref of report.finished.deleted) {
    lines.push(
      `${dryRun ? 'would delete' : 'deleted'} ${shortName(ref)} there: its session is over, and its commits are kept`,
    );
  }
  for (const { ref } of pushed(report.tags)) lines.push(`${would} tag ${shortName(ref)}`);
  for (const ref of report.tagsFetched) {
    lines.push(`${dryRun ? 'would fetch' : 'fetched'} tag ${shortName(ref)}`);
  }
  return lines.join('\n');
}
