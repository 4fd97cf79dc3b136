import { copyStore, type ProjectCopy } from '../../app/copy-store.ts';
import { parseStoreLocation } from '../../app/store-location.ts';
import { parseProjectName } from '../../session/project-name.ts';
import { command } from '../command.ts';
import { type ExitCode, exitOf } from '../exit-codes.ts';
import { flag, list } from '../options.ts';
import { counted, size } from '../wording.ts';

export default command({
  summary: 'Copy projects from one store to another',
  description:
    'Copies what the other store lacks, each byte verified, and nothing else: run it again, and it brings what is new, or goes\non where it was stopped. Both stores may be in use; what the copy has is whole at every moment. A project in which\nsomething was done there that is not here is left alone, and the exit code is 4.',
  arguments: [
    { name: '<from>', description: 'a directory or an s3:// URL' },
    { name: '<to>', description: 'another one, which "mic store init" has made' },
  ],
  options: {
    project: list('--project <org/name>', 'only this project (can be repeated)'),
    dryRun: flag('--dry-run', 'tell what would be copied, and do nothing'),
  },
  examples: [
    ['mic store copy s3://code /backup/code', 'A backup, every night'],
    [
      'mic store copy ~/.local/share/micelio/store s3://code --project=acme/web',
      'Move a project to a bucket',
    ],
  ],
  async run({ configuration: { tiers }, directory, progress, requests }, [from = '', to = ''], options) {
    const request = {
      from: parseStoreLocation(from, directory),
      to: parseStoreLocation(to, directory),
      projects: options.project.map(parseProjectName),
      mode: options.dryRun ? 'dry run' : 'copy',
    } as const;
    const copies = await Array.fromAsync(copyStore(request, tiers, requests, progress.update));
    return {
      json: { from: request.from, to: request.to, dryRun: options.dryRun, projects: copies.map(copyJson) },
      text: copies.flatMap((copy) => copyLines(copy, options.dryRun)).join('\n'),
      exit: worst(copies.map(exitOfCopy)),
    };
  },
});

function copyJson(copy: ProjectCopy) {
  if (copy.error === undefined) return { ...copy, error: null };
  const { code, message } = copy.error;
  return { project: copy.project, error: { code, message } };
}

function copyLines(copy: ProjectCopy, isDryRun: boolean): string[] {
  if (copy.error !== undefined) return [`${copy.project}: not copied. ${copy.error.message}`];
  const { project, packs, bytes, landings, sessions, damaged } = copy;
  const parts = [
    `${counted(packs, 'pack')} (${size(bytes)})`,
    counted(landings, 'landing'),
    counted(sessions, 'session'),
  ];
  const isNothing = packs + landings + sessions === 0;
  const what = isNothing ? 'nothing new' : `${parts.join(', ')}${isDryRun ? ' to copy' : ' copied'}`;
  return [
    `${project}: ${what}`,
    ...damaged.map(({ pack, reason }) => `${project}: pack ${pack} stayed behind. ${reason}`),
  ];
}

function exitOfCopy(copy: ProjectCopy): ExitCode {
  if (copy.error !== undefined) return exitOf(copy.error);
  return copy.damaged.length > 0 ? 'damaged' : 'ok';
}

/** What is damaged goes before what was refused. */
function worst(exits: readonly ExitCode[]): ExitCode {
  return exits.find((exit) => exit === 'damaged') ?? exits.find((exit) => exit !== 'ok') ?? 'ok';
}
