import { createHash } from 'node:crypto';
import { addFileStream, readFile } from '../src/blob/file.ts';
import { openProject } from './project.ts';

const totalBytes = 10 * 1024 ** 3;
const pieceBytes = 1024 * 1024;

/** Bytes that are half random and half text, made as they are asked for. */
function* pieces(): Generator<Buffer> {
  let state = 1;
  const piece = Buffer.alloc(pieceBytes);
  for (let done = 0; done < totalBytes; done += pieceBytes) {
    for (let i = 0; i < pieceBytes; i += 4) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      piece.writeInt32LE(i % 8192 < 4096 ? state : 0x20656874 + (i & 0xf00), i);
    }
    yield piece;
  }
}

const project = await openProject(process.argv[2]!);
const batch = await project.blobs.openBatch();
const expected = createHash('sha256');
function* watched(): Generator<Buffer> {
  for (const piece of pieces()) {
    expected.update(piece);
    yield piece;
  }
}
const started = performance.now();
const file = await addFileStream(batch, watched());
await batch.flush();
const written = performance.now();
const peakMiB = (): number => Math.round(process.resourceUsage().maxRSS / 1024);
const writePeakMiB = peakMiB();
const found = createHash('sha256');
for await (const piece of readFile(project.blobs, file)) found.update(piece);
const read = performance.now();
if (file.size !== totalBytes || found.digest('hex') !== expected.digest('hex'))
  throw new Error('The file came back different.');
const mbps = (ms: number): number => Math.round(totalBytes / 1000 / ms);
process.stdout.write(
  JSON.stringify({
    writeMbps: mbps(written - started),
    readMbps: mbps(read - written),
    writePeakMiB,
    peakMiB: peakMiB(),
  }),
);
