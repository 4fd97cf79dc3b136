import { readFileSync } from 'node:fs';
import { packageRoot } from '../base/package-root.ts';

/** The version of this package. */
export function version(): string {
  const file = new URL('package.json', packageRoot);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
