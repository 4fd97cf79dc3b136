import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync } from 'node:fs';
import { isAbsent } from '../../base/system-error.ts';
import type { TreePath } from '../../tree/path.ts';
import { withWorkspaceLock } from '../workspace-lock.ts';
import { applyPlan } from './apply-plan.ts';
import { type CleanUpResult, removeRecorded } from './clean-up.ts';
import { leadsOut, type Places } from './layout.ts';
import { makePlan, type Plan, type Rendering, type Step } from './plan.ts';
import type { PortLease } from './port-registry.ts';
import { type Prepared, prepare } from './prepare.ts';
import { ProvisionError, throwProblems } from './provision-error.ts';
import type { PlanRequest, ProvisionRequest } from './provision-request.ts';
import { dropHalfWritten, type RecordPlace, readRecord, recordPlace } from './record.ts';
import { fetchSecrets, secretTimeoutMsDefault } from './secrets.ts';
import { templateValues } from './session-values.ts';
import { type LeftOut, quoted } from './source-tree.ts';

/** What is to be done, or was done. */
export interface ProvisionReport {
  readonly steps: readonly Step[];
  /** What lines and patterns named and is not taken along, and why. */
  readonly leftOut: readonly LeftOut[];
  /** What is worth knowing: symlinks through which a session writes to the main workspace, patterns without a match. */
  readonly warnings: readonly string[];
  /** Ports of the session; 0 for one that it does not have yet. */
  readonly ports: ReadonlyMap<string, number>;
  /** Names of the secrets that templates use. */
  readonly secrets: readonly string[];
}

/** Says what `applyProvisioning` would do. Runs no command for secrets, takes no port, writes nothing. */
export async function planProvisioning(request: PlanRequest): Promise<ProvisionReport> {
  const problems: ProvisionError[] = [];
  const prepared = await prepare(request, placesOf(request), problems);
  const renderings = render(request, prepared, request.ports.leases(request.owner), problems);
  const plan = makePlan({ ...prepared, renderings }, problems);
  throwProblems(problems);
  return report(request, prepared, plan.steps);
}

/**
 * Brings a workspace what its configuration says. All is checked before the first file is written, and what was made
 * is taken back when something fails. Done again it changes nothing; what was edited since stays, and is named. Throws
 * `ProvisionError`, and `workspace/busy` when another process is at it.
 */
export async function applyProvisioning(request: ProvisionRequest): Promise<ProvisionReport> {
  const place = recordPlace(placesOf(request).to);
  return locked(request, place, async () => {
    const problems: ProvisionError[] = [];
    const prepared = await prepare(request, placesOf(request), problems);
    throwProblems(problems);
    const given = await leasePorts(request, prepared);
    try {
      const ports = request.ports.leases(request.owner);
      const renderings = render(request, prepared, ports, problems);
      const plan = makePlan({ ...prepared, renderings }, problems);
      throwProblems(problems);
      const texts = await fillInSecrets(request, prepared, plan, ports);
      const { timestampMs } = prepared;
      const steps = await applyPlan({
        ...prepared,
        plan,
        renderings,
        texts,
        recordPlace: place,
        timestampMs,
        ports,
      });
      return report(request, prepared, steps);
    } catch (error) {
      request.ports.giveBack(request.owner, given);
      throw error;
    }
  });
}

/**
 * Takes what was provisioned and not edited out of a workspace again, and gives the session's ports back. Nothing
 * happens where nothing was provisioned.
 */
export async function cleanUpProvisioning(
  request: Pick<ProvisionRequest, 'from' | 'to' | 'owner' | 'ports' | 'lock'>,
): Promise<CleanUpResult & { readonly ports: readonly PortLease[] }> {
  const to = realpathSync(request.to);
  const place = recordPlace(to);
  return locked(request, place, async () => {
    const record = readRecord(place);
    const from = realPathIfThere(request.from);
    const result =
      record === undefined ? { removed: [], kept: [] } : removeRecorded({ from, to }, record, place);
    return { ...result, ports: request.ports.giveBack(request.owner) };
  });
}

function placesOf({ from, to, unmade }: Pick<PlanRequest, 'from' | 'to' | 'unmade'>): Places {
  return { from: realpathSync(from), to: unmade === undefined ? realpathSync(to) : to };
}

function realPathIfThere(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (isAbsent(error)) return path;
    throw error;
  }
}

function locked<T>(
  { lock }: Pick<ProvisionRequest, 'lock'>,
  place: RecordPlace,
  work: () => Promise<T>,
): Promise<T> {
  mkdirSync(place.directory, { recursive: true });
  return withWorkspaceLock(place.lockFile, lock, () => {
    dropHalfWritten(place);
    return work();
  });
}

function leasePorts(request: ProvisionRequest, { templates, places }: Prepared): Promise<PortLease[]> {
  const owner = { id: request.owner, workspace: places.to };
  return request.ports.lease(owner, namesOf(templates, 'ports'));
}

function namesOf(templates: Prepared['templates'], table: string): string[] {
  return [...new Set([...templates.values()].flatMap(({ template }) => template.namesOf(table)))].sort();
}

/** What each template makes, with the names of secrets in their place; a port that is not taken yet counts as 0. */
function render(
  request: ProvisionRequest,
  prepared: Prepared,
  ports: ReadonlyMap<string, number>,
  problems: ProvisionError[],
): Map<TreePath, Rendering> {
  const { templates } = prepared;
  const renderings = new Map<TreePath, Rendering>();
  const all = new Map(namesOf(templates, 'ports').map((name) => [name, ports.get(name) ?? 0]));
  // Those that no command is known for are among the problems already.
  const stand = new Map(namesOf(templates, 'secret').map((name) => [name, `secret.${name}`]));
  const values = valuesOf(request, prepared, all, stand);
  for (const [path, { template, mode }] of templates) {
    try {
      const text = template.render(values);
      const inputs = createHash('sha256').update(text).digest('hex');
      renderings.set(path, { text, inputs, mode, secrets: template.namesOf('secret') });
    } catch (error) {
      if (!(error instanceof ProvisionError)) throw error;
      problems.push(error);
    }
  }
  return renderings;
}

/** What the templates that are going to be written become with their secrets. Runs the commands of those. */
async function fillInSecrets(
  request: ProvisionRequest,
  prepared: Prepared,
  plan: Plan,
  ports: ReadonlyMap<string, number>,
): Promise<Map<TreePath, string>> {
  const templates = plan.steps.flatMap(({ path, state, undecided }) => {
    const found = prepared.templates.get(path);
    const isWritten = state === 'create' || state === 'replace' || undecided === true;
    return found !== undefined && isWritten ? [[path, found.template] as const] : [];
  });
  const names = [...new Set(templates.flatMap(([, template]) => template.namesOf('secret')))];
  if (names.length === 0) return new Map();
  const secrets = await fetchSecrets(prepared.commands, names, {
    directory: prepared.places.from,
    environment: request.facts.environment,
    timeoutMs: request.secretTimeoutMs ?? secretTimeoutMsDefault,
  });
  const values = valuesOf(request, prepared, ports, secrets);
  return new Map(templates.map(([path, template]) => [path, template.render(values)]));
}

function valuesOf(
  { facts, owner }: ProvisionRequest,
  { timestampMs, places }: Prepared,
  ports: ReadonlyMap<string, number>,
  secrets: ReadonlyMap<string, string>,
) {
  return templateValues({ facts, owner, timestampMs, workspace: places.to, ports, secrets });
}

function report(request: ProvisionRequest, prepared: Prepared, steps: readonly Step[]): ProvisionReport {
  const { layout, templates } = prepared;
  const leases = request.ports.leases(request.owner);
  const warnings = [...layout.notes];
  for (const [path, { content }] of layout.wanted) {
    if (content.kind === 'symlink') {
      warnings.push(
        content.leadsTo === 'directory'
          ? `${quoted(path)} is the main workspace's own directory: what the session changes in it is changed there, for everybody.`
          : `${quoted(path)} is the main workspace's own file: what the session writes to it is written there.`,
      );
    } else if (content.kind === 'link' && leadsOut(path, content.target)) {
      warnings.push(
        `${quoted(path)} is a copied symlink that leads out of the workspace, to ${quoted(content.target as TreePath)}.`,
      );
    }
  }
  return {
    steps,
    leftOut: layout.leftOut,
    warnings,
    ports: new Map(namesOf(templates, 'ports').map((name) => [name, leases.get(name) ?? 0])),
    secrets: namesOf(templates, 'secret'),
  };
}
