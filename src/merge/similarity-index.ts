import type { FileEntry } from '../tree/entry.ts';
import type { MergePort } from './merge-port.ts';
import { type Fingerprint, fingerprintOf, similarityScore, sizesMayScore } from './similarity.ts';
import type { Leaf } from './stage.ts';
import { textBytesMax } from './text-merge.ts';

/** Compares files by content, reading each once. */
export interface SimilarityIndex {
  /**
   * How similar two files are, from 0 to 60,000. 0 without reading them where their sizes rule out `scoreMin`, and
   * for whatever is not a regular file, or too large to look at.
   */
  score(source: Leaf, target: Leaf, scoreMin: number): number | Promise<number>;
}

export function similarityIndex(port: Pick<MergePort, 'readFile'>): SimilarityIndex {
  const fingerprints = new Map<string, Fingerprint>();

  async function load(file: FileEntry): Promise<Fingerprint> {
    const known = fingerprints.get(file.hash);
    if (known !== undefined) return known;
    const fingerprint = fingerprintOf(await port.readFile(file));
    fingerprints.set(file.hash, fingerprint);
    return fingerprint;
  }

  async function loadAndScore(source: FileEntry, target: FileEntry): Promise<number> {
    return similarityScore(await load(source), source.size, await load(target), target.size);
  }

  return {
    score(source, target, scoreMin) {
      if (source.type !== 'file' || target.type !== 'file') return 0;
      if (!sizesMayScore(source.size, target.size, scoreMin)) return 0;
      if (Math.max(source.size, target.size) > textBytesMax) return 0;
      const known = fingerprints.get(source.hash);
      const wanted = fingerprints.get(target.hash);
      // A promise for each of millions of pairs would cost more than comparing them.
      if (known === undefined || wanted === undefined) return loadAndScore(source, target);
      return similarityScore(known, source.size, wanted, target.size);
    },
  };
}
