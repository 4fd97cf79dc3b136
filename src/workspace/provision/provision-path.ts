import { isTreePath, pathFromText, type TreePath } from '../../tree/path.ts';
import { isGitName, isMarkerName } from '../walk.ts';
import { type ConfPlace, ProvisionError, placeText } from './provision-error.ts';

/** Where a file comes from or goes to, below the top of the main workspace or of the session's. */
export interface ProvisionPath {
  readonly path: TreePath;
  /** Written with a `/` at its end. */
  readonly isDirectory: boolean;
}

/** Reads a path of a configuration file. Throws `provision/path-refused` for one that could lead anywhere else. */
export function parseProvisionPath(text: string, place: ConfPlace): ProvisionPath {
  const isDirectory = text.endsWith('/');
  const plain = text.replace(/^(?:\.\/+)+/, '').replace(/\/+$/, '');
  const reason = refusal(text, plain);
  if (reason !== undefined) {
    throw new ProvisionError('provision/path-refused', `${placeText(place)}: "${text}" ${reason}`);
  }
  return { path: pathFromText(plain), isDirectory };
}

/** The directory in a workspace in which files wait to take the place of others; git ignores it by what is in it. */
export const stagingName = '.micelio-provisioning';

/** True for a path that has a part which only git, or only we, may write. */
export function isReserved(path: string): boolean {
  return path
    .split('/')
    .some((name) => isGitName(name) || isMarkerName(name) || name.toLowerCase() === stagingName);
}

function refusal(text: string, plain: string): string | undefined {
  if (text.startsWith('/'))
    return "is absolute. Write the path from the project's top, without a / in front.";
  if (plain.split('/').includes('..')) {
    return 'leads upwards. Write the path from the project\'s top, without "..".';
  }
  if (isReserved(plain))
    return 'lies in what belongs to git or to the workspace itself. Choose another path.';
  if (!isTreePath(pathFromText(plain))) {
    return 'is no path of a file. Write names with a / between them, such as config/local.json.';
  }
  return undefined;
}
