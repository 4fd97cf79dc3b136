/** A copy of the bytes from `start` to `end` of what lies in `segments`, one behind the other. */
export function copyOfSegments(segments: readonly Uint8Array[], start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(end - start);
  let position = 0;
  for (const segment of segments) {
    const from = Math.max(start, position);
    const to = Math.min(end, position + segment.length);
    if (from < to) copy.set(segment.subarray(from - position, to - position), from - start);
    position += segment.length;
  }
  return copy;
}
