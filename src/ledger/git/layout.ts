import type { RefName } from '../../git/refs.ts';
import type { SessionState } from '../../session/life-cycle.ts';
import { planName } from '../../session/plan/record-files.ts';
import { isSlug, type Slug } from '../../session/plan/slug.ts';
import { type FileName, isTreePath, joinPath, type TreePath } from '../../tree/path.ts';

/** The folders that sessions lie in. A session in conflict is in `active`, with a conflict report. */
export const stateFolders = ['drafting', 'planned', 'active', 'completed', 'abandoned'] as const;
export type StateFolder = (typeof stateFolders)[number];

/** The folder for the agents' own things, where a project has not chosen another. */
export const rootDefault = '_AGENTS' as TreePath;

/** Files in a session's folder. */
export const planFile = planName as FileName;
export const conflictFile = 'conflict.md' as FileName;

/** Where claims are: `refs/claims/<slug>`. */
export const claimRefs: RefName = 'refs/claims/';

export function claimRef(slug: Slug): RefName {
  return `${claimRefs}${slug}`;
}

/** The session that a ref is the claim of; undefined for all else. */
export function slugOfClaimRef(ref: RefName): Slug | undefined {
  const name = ref.slice(claimRefs.length);
  return ref.startsWith(claimRefs) && isSlug(name) ? name : undefined;
}

export function folderOfState(state: SessionState): StateFolder {
  return state === 'conflicted' ? 'active' : state;
}

/** Where things of the protocol lie on the main branch (`docs/formats/git-ledger.md`). */
export class GitLedgerLayout {
  readonly root: TreePath;

  /** `root` is the folder for the agents' own things: `_AGENTS`. */
  constructor(root: TreePath = rootDefault) {
    this.root = root;
  }

  get sessions(): TreePath {
    return joinPath(this.root, 'sessions' as FileName);
  }

  get lock(): TreePath {
    return joinPath(this.sessions, 'sessions.lock' as FileName);
  }

  /** What the project says of its sessions. */
  get configuration(): TreePath {
    return joinPath(this.sessions, '_config' as FileName);
  }

  get settings(): TreePath {
    return joinPath(this.configuration, 'settings.json' as FileName);
  }

  folder(folder: StateFolder): TreePath {
    return joinPath(this.sessions, folder as string as FileName);
  }

  session(folder: StateFolder, slug: Slug): TreePath {
    return joinPath(this.folder(folder), slug as string as FileName);
  }
}

/** Whether a folder that a project has chosen can be one. */
export function isRoot(text: string): text is TreePath {
  return isTreePath(text) && !text.split('/').some((name) => name.toLowerCase() === '.git');
}
