import * as v from 'valibot';
import type { DocumentFormat } from '../../src/storage/document-format.ts';

/** A document that tests count in. */
export interface Counter {
  readonly count: number;
  /** How much of it each has counted, by name. */
  readonly by: Readonly<Record<string, number>>;
}

const schema = v.object({ count: v.number(), by: v.record(v.string(), v.number()) });

export const counterFormat: DocumentFormat<Counter> = {
  name: 'test-counter',
  version: 1,
  parse: (fields) => v.parse(schema, fields),
};

export const counterKey = 'counter.json';
