import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { objectStoreConformance } from '../object-store.conformance.ts';
import { DirectoryStore } from './directory-store.ts';

objectStoreConformance('DirectoryStore', () => {
  const root = mkdtempSync(join(tmpdir(), 'micelio-store-'));
  const store = new DirectoryStore(join(root, 'store'));
  return {
    store,
    dispose: () => {
      store.close();
      rmSync(root, { recursive: true });
    },
  };
});
