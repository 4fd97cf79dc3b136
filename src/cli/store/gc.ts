import { collectGarbage, graceHoursDefault, type ProjectCollected } from '../../session/collect-garbage.ts';
import type { Session } from '../../session/session.ts';
import { command } from '../command.ts';
import { workspacesOf } from '../open.ts';
import { flag, number } from '../options.ts';
import { counted, size } from '../wording.ts';

export default command({
  summary: 'Delete what nobody needs any more',
  description:
    'Forgets removed sessions whose time is over, and deletes what no head, landing or session needs. It takes two runs, a\ngrace period apart: the first takes things out of use, the second deletes them. Small packs are gathered into large ones, and what interrupted writes\nhave left is removed. Sessions may start and land meanwhile.',
  options: {
    dryRun: flag('--dry-run', 'tell what would be done, and do nothing'),
    graceHours: number(
      '--grace-hours <hours>',
      `how long things are kept after they were written or taken out of use (otherwise ${graceHoursDefault}); 0 only while nothing else uses the store`,
    ),
  },
  examples: [
    ['mic store gc --dry-run', 'What would go?'],
    ['mic store gc', 'From time to time, such as every night'],
  ],
  async run(context, _args, { dryRun, graceHours }) {
    const { openMicelio, progress } = context;
    const micelio = await openMicelio();
    const workspaces = await workspacesOf(context);
    const projects = [];
    for await (const name of micelio.projectNames()) {
      progress.update('Collecting, projects', projects.length);
      const request = {
        graceHours: graceHours ?? graceHoursDefault,
        mode: dryRun ? 'dry run' : 'collect',
        onForget: (session: Session) => workspaces.discard(session),
      } as const;
      projects.push({ project: name, ...(await collectGarbage(await micelio.project(name), request)) });
    }
    const interruptedWrites = await micelio.sweep(dryRun ? 'dry run' : 'sweep');
    const lines = projects.map(describe);
    if (interruptedWrites > 0) lines.push(`${counted(interruptedWrites, 'interrupted write')} removed`);
    if (dryRun && lines.length > 0) lines.unshift('Nothing was changed. This would be done:');
    return { json: { dryRun, projects, interruptedWrites }, text: lines.join('\n') || 'The store is empty.' };
  },
});

function describe(row: ProjectCollected & { readonly project: string }): string {
  const gathered = row.gatheredPacks === 0 ? '' : `, ${row.gatheredPacks} of them small ones gathered`;
  const moved =
    row.movedObjects === 0 ? '' : `, ${counted(row.movedObjects, 'object')} moved (${size(row.movedBytes)})`;
  return `${row.project}: ${counted(row.deletedPacks, 'pack')} deleted (${size(row.deletedBytes)}), ${row.condemnedPacks} taken out of use (${size(row.condemnedBytes)})${gathered}${moved}, ${counted(row.forgottenSessions, 'session')} forgotten`;
}
