import { readFileSync } from 'node:fs';
import type { Git } from '../../git/git-process.ts';
import { type TreePath, textFromPath } from '../../tree/path.ts';
import { diskPath } from '../disk-path.ts';
import { diskStatus } from '../disk-status.ts';
import { unreadable } from '../workspace-error.ts';
import { checkTracking } from './check-tracking.ts';
import { parseConf } from './conf.ts';
import { type Layout, layOut, type Places } from './layout.ts';
import { ProvisionError, placeText } from './provision-error.ts';
import type { PlanRequest } from './provision-request.ts';
import { type ProvisionRecord, readRecord, recordPlace } from './record.ts';
import { parseSecrets, type SecretCommand } from './secrets.ts';
import { Template } from './template.ts';
import { ignoredPaths, includedPaths, includeName } from './worktree-include.ts';

/** What the configuration asks for, read and checked. */
export interface Prepared {
  readonly places: Places;
  readonly layout: Layout;
  readonly record: ProvisionRecord | undefined;
  readonly timestampMs: number;
  readonly templates: ReadonlyMap<TreePath, { readonly template: Template; readonly mode: number }>;
  readonly commands: ReadonlyMap<string, SecretCommand>;
}

/** Reads and checks everything but what is in the workspace already. */
export async function prepare(
  request: PlanRequest,
  places: Places,
  problems: ProvisionError[],
): Promise<Prepared> {
  const record = request.unmade === undefined ? readRecord(recordPlace(places.to)) : undefined;
  const rules = request.conf.flatMap((layer) => parseConf(layer, problems));
  const commands = parseSecrets(request.secrets, problems);
  const included = await findIncluded(request.git, places.from);
  const layout = await checkTracking(request, layOut(places, included, rules, problems), problems);
  const templates = new Map<TreePath, { template: Template; mode: number }>();
  for (const [path, { content, place }] of layout.wanted) {
    if (content.kind !== 'template') continue;
    try {
      const text = readFileSync(diskPath(places.from, content.source), 'utf8');
      const template = new Template(textFromPath(content.source), text);
      const isProgram = ((diskStatus(places.from, content.source)?.mode ?? 0) & 0o100) !== 0;
      templates.set(path, { template, mode: isProgram ? 0o777 : 0o666 });
      problems.push(...unknownSecrets(template, content.source, commands, request.secretsFile));
    } catch (error) {
      if (!(error instanceof ProvisionError))
        throw unreadable(`${content.source} (${placeText(place)})`, error);
      problems.push(error);
    }
  }
  return {
    places,
    layout,
    record,
    timestampMs: record?.timestampMs ?? request.clock.now(),
    templates,
    commands,
  };
}

async function findIncluded(git: Git, from: string): Promise<TreePath[]> {
  if (!diskStatus(from, includeName)?.isFile()) return [];
  const text = readFileSync(diskPath(from, includeName), 'latin1');
  return includedPaths(from, text, await ignoredPaths(git, from));
}

function unknownSecrets(
  template: Template,
  source: TreePath,
  commands: ReadonlyMap<string, SecretCommand>,
  secretsFile: string,
): ProvisionError[] {
  const unknown = template.namesOf('secret').filter((name) => !commands.has(name));
  return unknown.map((name) => {
    const place = placeText({ file: textFromPath(source), line: template.lineOf('secret', name) });
    return new ProvisionError(
      'provision/variable-undefined',
      `${place}: no command is known for the secret ${name}. Add a line to ${secretsFile} in the main workspace: ${name} = program arguments`,
    );
  });
}
