import { MemoryStore } from '../src/storage/memory-store.ts';
import { storeCareConformance } from './store-care.conformance.ts';

storeCareConformance('a store in memory', (clock) => new MemoryStore(clock));
