import * as v from 'valibot';
import { type Head, headSchema, type Landing, landingSchema } from '../../session/head.ts';
import { type Session, sessionSchema } from '../../session/session.ts';
import type { DocumentFormat } from '../../storage/document-format.ts';

/** The documents of a ledger in an object store; `docs/formats/` has a page for each. */
export const headFormat: DocumentFormat<Head> = { name: 'head', version: 1, parse: parser(headSchema) };
export const landingFormat: DocumentFormat<Landing> = {
  name: 'landing',
  version: 1,
  parse: parser(landingSchema),
};
export const sessionFormat: DocumentFormat<Session> = {
  name: 'session',
  version: 1,
  parse: parser(sessionSchema),
};

function parser<T>(schema: v.GenericSchema<unknown, T>): (value: unknown) => T {
  return (value) => v.parse(schema, value);
}
