import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRecord, recordPlace } from './record.ts';

/** What is longer is no secret that a template was given, in bytes. */
const fileBytesMax = 4 * 1024 * 1024;
/** Shorter words say nothing, in characters. */
const wordLengthMin = 6;

/**
 * What must not be shown of a workspace's files: the words of those in which a secret was put, but for the words of their
 * templates. No secret is fetched for that. Empty where nothing was provisioned.
 */
export function secretWords(workspace: string): readonly string[] {
  const record = readRecord(recordPlace(workspace));
  if (record === undefined) return [];
  const words = new Set<string>();
  for (const { path, source, secret } of record.files) {
    if (secret !== true) continue;
    const harmless = new Set(wordsOf(read(join(record.from, source))));
    for (const word of wordsOf(read(join(workspace, path)))) if (!harmless.has(word)) words.add(word);
  }
  return [...words];
}

/** The words of a text, whole and in their parts: what stands in a URL may be shown alone. */
function wordsOf(text: string): string[] {
  const whole = text.split(/[\s"'`=,;]+/);
  const parts = whole.flatMap((word) => word.split(/[:/@?&]+/));
  return [...whole, ...parts].filter((word) => word.length >= wordLengthMin);
}

/** Empty for what has gone: nothing of it can be shown, or all of it is no template's. */
function read(path: string): string {
  try {
    const bytes = readFileSync(path);
    return bytes.length > fileBytesMax ? '' : bytes.toString('utf8');
  } catch {
    return '';
  }
}
