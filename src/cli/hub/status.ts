import { type HubStatus, hubStatus } from '../../app/hub/status.ts';
import { Git } from '../../git/git-process.ts';
import { command } from '../command.ts';
import { lastKnownJson, lastKnownNotes } from '../git-session/last-known.ts';
import { text } from '../options.ts';
import { counted } from '../wording.ts';
import { shortName } from './describe-sync.ts';

export default command({
  summary: 'Show how the hub and its cloud remote stand',
  description:
    'Commits that one has and the other has not, sessions that are not pushed, whether the remote lets this user in, who decides, and\nwhat was left behind: checkouts of main, and claims that have lapsed. Moves nothing, and asks nobody for a password.',
  options: {
    remote: text('--remote <name>', 'the remote (otherwise the one that decides for this hub, or origin)'),
  },
  examples: [['mic hub status', 'Is there anything to sync, and would it work?']],
  async run({ environment, directory }, _args, { remote }) {
    const status = await hubStatus(new Git(environment), directory, remote);
    const { decider, staleness } = status;
    return {
      json: statusJson(status),
      text: statusText(status),
      notes: decider === undefined ? [] : lastKnownNotes({ decider, staleness }),
    };
  },
});

function statusJson({ decider, apart, sessions, lapsed, staleness, ...rest }: HubStatus) {
  return {
    ...rest,
    lastKnown: decider === undefined ? null : lastKnownJson({ decider, staleness }),
    decides: decider?.kind ?? null,
    authority: decider?.kind === 'remote' ? decider.name : null,
    ahead: apart?.ahead ?? null,
    behind: apart?.behind ?? null,
    asFetched: apart?.as === 'as-fetched',
    sessions: sessions.map(({ ref, standing }) => ({ branch: shortName(ref), standing })),
    unpushed: unpushed(sessions),
    lapsed: lapsed ?? null,
  };
}

/** The sessions of which the hub has commits that the remote has not. */
function unpushed(sessions: HubStatus['sessions']): string[] {
  return sessions
    .filter(({ standing }) => standing === 'new' || standing === 'ahead' || standing === 'apart')
    .map(({ ref }) => shortName(ref));
}

function statusText(status: HubStatus): string {
  const { hub, main, remote, decider, exposed, sessions, leftBehind, lapsed } = status;
  const notPushed = unpushed(sessions);
  const lines = [
    `${hub}  ${main}`,
    mainText(status),
    `decides: ${deciderText(decider)}`,
    `${remote}: ${accessText(status.access)}`,
    `sessions: ${counted(sessions.length, 'branch', 'branches')}, ${notPushed.length} not pushed`,
    ...notPushed.map((name) => `  ${name}`),
    ...exposed.map((name) => `credentials in ${name}: "mic hub sync" says how to get them out`),
    ...leftBehind.map(
      ({ directory, at }) =>
        `left behind: ${directory} at ${at.slice(0, 12)}; "mic hub sync" brings it along`,
    ),
    ...(lapsed ?? []).map(({ slug, agent }) => `lapsed: ${slug}, which ${agent} had`),
    ...(lapsed === undefined ? ['claims: who decides cannot be asked now'] : []),
  ];
  return lines.join('\n');
}

function deciderText(decider: HubStatus['decider']): string {
  switch (decider?.kind) {
    case 'remote':
      return `the remote ${decider.name}`;
    case 'another':
      return 'another repository; sessions can be read here, and not claimed';
    case 'nobody':
      return `nobody yet. Say it: mic init --authority ${decider.remotes[0]}, or local`;
    default:
      return 'this hub';
  }
}

function mainText({ apart, main, remote }: HubStatus): string {
  if (apart === undefined) return `${main} is not at both, here and at ${remote}; "mic hub sync" brings it`;
  const since = apart.as === 'now' ? '' : ' since it was last fetched';
  return `${apart.ahead} ahead of ${remote}/${main}, ${apart.behind} behind${since}`;
}

function accessText(access: HubStatus['access']): string {
  if (access.state !== 'reached') return access.words;
  return {
    allowed: 'lets this user in, and push',
    denied: 'lets this user in, and not push',
    unknown: 'lets this user in; there is nothing to push yet',
  }[access.push];
}
