import { planProvisioning } from '../../workspace/provision/provisioning.ts';
import { command } from '../command.ts';
import { reportJson, reportNotes, reportText } from './describe-steps.ts';
import { placeOptions, withPlanRequest } from './request.ts';

export default command({
  summary: 'Show which untracked files a workspace would get',
  description:
    'Reads _AGENTS/sessions/_config/untracked-files.conf and .worktreeinclude of the main workspace, checks everything, and says\nwhat "mic provision apply" would do. Writes nothing, and runs no command for a secret. In the main\nworkspace it is about a new one, made from main.',
  options: placeOptions,
  examples: [
    [
      'mic provision plan',
      'In a workspace: what would be written? In the main one: what would a new one get?',
    ],
    ['mic provision plan --from ~/project --to ~/project/.worktrees/fix', 'For any two directories'],
  ],
  async run(context, _args, options) {
    const report = await withPlanRequest(context, options, planProvisioning);
    return { json: reportJson(report), text: reportText(report, 'plan'), notes: reportNotes(report) };
  },
});
