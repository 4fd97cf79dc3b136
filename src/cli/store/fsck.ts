import { checkProject } from '../../session/check-project.ts';
import { command } from '../command.ts';
import { counted, size } from '../wording.ts';

export default command({
  summary: 'Check everything in the store',
  description:
    'Reads every object and checks it against its hash, and that all that heads, landings and sessions need is there. Changes\nnothing.',
  options: {},
  examples: [['mic store fsck', 'Is everything whole?']],
  async run({ openMicelio, progress }) {
    const micelio = await openMicelio();
    const projects = [];
    const lines: string[] = [];
    for await (const name of micelio.projectNames()) {
      const { damagedPacks, lostDocuments, missing, ...counts } = await checkProject(
        await micelio.project(name),
        (packs) => progress.update('Checking, packs', packs),
      );
      projects.push({
        project: name,
        ...counts,
        damaged: damagedPacks,
        lost: lostDocuments.map(({ what, cause }) => ({ what, reason: cause.message })),
        missing: missing.map(({ hash, of, cause }) => ({
          hash,
          of,
          reason: cause instanceof Error ? cause.message : String(cause),
        })),
      });
      lines.push(
        ...damagedPacks.map(
          ({ pack, object, reason }) =>
            `${name}: pack ${pack}${object === undefined ? '' : `, object ${object}`}: ${reason}`,
        ),
      );
      lines.push(...lostDocuments.map(({ what, cause }) => `${name}: ${what} is lost: ${cause.message}`));
      lines.push(...missing.map(({ hash, of }) => `${name}: ${of} needs ${hash}, which cannot be read`));
      const found = damagedPacks.length + lostDocuments.length + missing.length;
      lines.push(
        `${name}: ${counted(counts.objects, 'object')} in ${counted(counts.packs, 'pack')} (${size(counts.bytes)}), ${found === 0 ? 'all whole' : counted(found, 'problem')}`,
      );
    }
    const whole = projects.every(
      ({ damaged, lost, missing }) => damaged.length + lost.length + missing.length === 0,
    );
    return {
      json: { whole, projects },
      text: lines.join('\n') || 'The store is empty.',
      exit: whole ? 'ok' : 'damaged',
    };
  },
});
