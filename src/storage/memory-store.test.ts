import { MemoryStore } from './memory-store.ts';
import { objectStoreConformance } from './object-store.conformance.ts';

objectStoreConformance('MemoryStore', () => ({ store: new MemoryStore() }));
