import { textFromPath } from '../../tree/path.ts';
import { checkProvisioning, type FindingKind } from '../../workspace/provision/check.ts';
import { command } from '../command.ts';
import { columns } from '../wording.ts';
import { reportNotes, reportText } from './describe-steps.ts';
import { placeOptions, withPlanRequest } from './request.ts';

const meanings: Readonly<Record<FindingKind, string>> = {
  missing: 'is not there',
  stale: 'is older than what it is made from',
  edited: 'was edited in the workspace, and stays as it is',
  foreign: 'was there before, and stays as it is',
  'left over': 'is not asked for any more',
  'port lost': 'is a port that the session does not have any more',
};

export default command({
  summary: 'Check that a workspace has the untracked files that it needs',
  description:
    'Compares without changing anything. Ends with "refused" when something is missing, old or left over. In the main workspace\nit says whether a new one would get all that it needs.',
  options: placeOptions,
  examples: [['mic provision check', 'In a workspace: is everything there?']],
  async run(context, _args, options) {
    const { isNew, findings, report } = await withPlanRequest(context, options, async (request) => ({
      isNew: request.unmade !== undefined,
      ...(await checkProvisioning(request)),
    }));
    if (isNew) {
      return {
        json: { complete: true, findings: [] },
        text: `${reportText(report, 'plan')}\nA new workspace would get all that it needs.`,
        notes: reportNotes(report),
      };
    }
    const rows = findings.map(({ kind, path }) => [kind, `${textFromPath(path)} ${meanings[kind]}`]);
    const isFine = findings.every(({ kind }) => kind === 'edited' || kind === 'foreign');
    const advice = '"mic provision apply" sees to it.';
    return {
      json: {
        complete: isFine,
        findings: findings.map(({ kind, path }) => ({ kind, path: textFromPath(path) })),
      },
      text: [
        ...(rows.length === 0 ? [] : [columns(rows)]),
        isFine ? 'The workspace has what it needs.' : advice,
      ].join('\n'),
      exit: isFine ? 'ok' : 'refused',
    };
  },
});
