import { MemoryStore } from '../src/storage/memory-store.ts';
import { landingConformance } from './landing.conformance.ts';

landingConformance('a store in memory', () => new MemoryStore());
