import { applyProvisioning } from '../../workspace/provision/provisioning.ts';
import { command } from '../command.ts';
import { reportJson, reportNotes, reportText } from './describe-steps.ts';
import { placeOptions, withRequest } from './request.ts';

export default command({
  summary: 'Give a workspace the untracked files that it needs',
  description:
    'Copies, links and renders what _AGENTS/sessions/_config/untracked-files.conf and .worktreeinclude of the main workspace say.\nAll or nothing; done again it changes nothing, and never what was edited in the workspace.',
  options: placeOptions,
  examples: [
    ['mic provision apply', 'In a workspace: bring its files up to date'],
    ['mic provision apply --set region=north', 'With a value for {{ session.region }}'],
  ],
  async run(context, _args, options) {
    const report = await withRequest(context, options, applyProvisioning);
    return { json: reportJson(report), text: reportText(report, 'apply'), notes: reportNotes(report) };
  },
});
