import { realpathSync } from 'node:fs';
import type { TreePath } from '../../tree/path.ts';
import type { Step } from './plan.ts';
import type { PlanRequest } from './provision-request.ts';
import { type ProvisionReport, planProvisioning } from './provisioning.ts';
import { readRecord, recordPlace } from './record.ts';

/** How something in a workspace is not as its configuration says. */
export type FindingKind =
  /** It is not there. */
  | 'missing'
  /** It is as it was provisioned, and what it is made from has changed since. */
  | 'stale'
  /** It was edited since it was provisioned. */
  | 'edited'
  /** Something that was not provisioned is in its place. */
  | 'foreign'
  /** It was provisioned, and no line asks for it any more. */
  | 'left over'
  /** It was rendered with a port that the session does not have any more. */
  | 'port lost';

export interface Finding {
  readonly kind: FindingKind;
  /** The path in the workspace, or the name of the port. */
  readonly path: string;
}

/**
 * Says what of a workspace is not as its configuration says; nothing when all is well. Changes nothing, and runs no
 * command: whether a secret has changed is not found out. Of a workspace that is not made yet nothing is missing. Throws where the configuration itself cannot be followed.
 */
export async function checkProvisioning(
  request: PlanRequest,
): Promise<{ readonly findings: readonly Finding[]; readonly report: ProvisionReport }> {
  const report = await planProvisioning(request);
  if (request.unmade !== undefined) return { findings: [], report };
  const record = readRecord(recordPlace(realpathSync(request.to)));
  const recorded = new Set<TreePath>(record?.files.map(({ path }) => path));
  const leases = request.ports.leases(request.owner);
  const lost = Object.entries(record?.ports ?? {}).filter(([name, port]) => leases.get(name) !== port);
  const findings = report.steps.flatMap((step): Finding[] => {
    const kind = findingOf(step, recorded);
    return kind === undefined ? [] : [{ kind, path: step.path }];
  });
  return { findings: [...findings, ...lost.map(([path]) => ({ kind: 'port lost', path }) as const)], report };
}

function findingOf({ state, path }: Step, recorded: ReadonlySet<TreePath>): FindingKind | undefined {
  switch (state) {
    case 'create':
      return 'missing';
    case 'replace':
      return 'stale';
    case 'remove':
      return 'left over';
    case 'kept':
      return recorded.has(path) ? 'edited' : 'foreign';
    case 'unchanged':
      return undefined;
  }
}
