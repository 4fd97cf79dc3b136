import type { ETag } from '../object-store.ts';
import { notLikeS3 } from './s3-failure.ts';
import type { S3Location } from './s3-location.ts';

/**
 * A tag as the server sent it, without its quotes. Throws `storage/location-invalid` where there is none: every answer
 * of S3 about an object has one, and the pages of other servers must not pass for one.
 */
export function bareTag(tag: string | undefined, location: S3Location): ETag {
  if (tag === undefined) throw notLikeS3(location);
  return tag.replace(/^"|"$/g, '') as ETag;
}
