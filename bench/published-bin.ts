import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publishedPackage } from '../test/published-package.ts';

const scratch = mkdtempSync(join(tmpdir(), 'micelio-bench-package-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** Where the programs are of the package as users have it, which is built for this run. */
export const publishedBin = join(publishedPackage(scratch).directory, 'bin');
