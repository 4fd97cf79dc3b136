import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Hash } from '../base/hash.ts';
import { createCheckout } from './checkout/checkout.ts';
import type { CreateProgress } from './checkout/create.ts';
import { markerName } from './marker-name.ts';
import type { ProjectContent } from './project-content.ts';

/** Writes the files of a tree, and nothing else, into a directory that is new or empty. Throws as `createCheckout` does. */
export async function exportDirectory(
  content: ProjectContent,
  tree: Hash,
  directory: string,
  onProgress: (progress: CreateProgress) => void,
): Promise<void> {
  await createCheckout(content, directory, tree, null, { onProgress });
  rmSync(join(directory, markerName), { recursive: true });
}
