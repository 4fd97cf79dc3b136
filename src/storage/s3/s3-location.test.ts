import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hasCode } from '../../base/error.ts';
import { parseS3Location, s3Url } from './s3-location.ts';

describe('the URL of a store on S3', () => {
  test('names bucket, prefix, server, region and profile', () => {
    assert.deepEqual(
      parseS3Location('s3://team-code/mic/one/?endpoint=https://s3.example.org/&region=eu-1&profile=ci'),
      {
        bucket: 'team-code',
        prefix: 'mic/one/',
        endpoint: 'https://s3.example.org',
        region: 'eu-1',
        profile: 'ci',
        addressing: 'path',
      },
    );
  });

  test('needs no more than a bucket', () => {
    const location = parseS3Location('s3://team-code');
    assert.equal(location.prefix, '');
    assert.equal(location.endpoint, undefined);
    assert.equal(location.addressing, 'host');
  });

  test('has one form', () => {
    for (const [text, url] of [
      ['s3://b-1', 's3://b-1'],
      ['S3://b-1/', 's3://b-1'],
      ['s3://b-1//a/b//', 's3://b-1/a/b'],
      ['s3://b-1/a?region=r&endpoint=http%3A%2F%2Fh%3A80', 's3://b-1/a?endpoint=http://h:80&region=r'],
      ['s3://b-1?pathStyle=false', 's3://b-1'],
      ['s3://b-1?pathStyle=true', 's3://b-1?pathStyle=true'],
      ['s3://b-1?endpoint=http://h&pathStyle=true', 's3://b-1?endpoint=http://h'],
      ['s3://b-1?endpoint=http://h&pathStyle=false', 's3://b-1?endpoint=http://h&pathStyle=false'],
      ['s3://b-1?profile=my team', 's3://b-1?profile=my%20team'],
    ] as const) {
      assert.equal(s3Url(parseS3Location(text)), url, text);
      assert.deepEqual(parseS3Location(url), parseS3Location(text));
    }
  });

  test('is refused where it is none, and a secret in it is not repeated', () => {
    for (const text of [
      'https://example.org/b',
      's3://',
      's3://B',
      's3://b_c',
      's3://host:9000/b',
      's3://key:hunter2@bucket',
      's3://bucket?secretAccessKey=hunter2',
      's3://bucket?accessKeyId=hunter2',
      's3://bucket?endpoint=http://key:hunter2@host',
      's3://bucket?endpoint=ftp://host',
      's3://bucket?endpoint=host:9000',
      's3://bucket?endpoint=http://host?key=hunter2',
      's3://bucket?pathStyle=yes',
      's3://bucket?region=',
      's3://bucket/a/.hidden',
      's3://bucket/a//b',
      's3://bucket/a b',
      `s3://bucket/${'a'.repeat(129)}`,
      `s3://bucket/${'abcdefg/'.repeat(40)}`,
      's3://bucket#part',
    ]) {
      assert.throws(
        () => parseS3Location(text),
        (error: Error) => hasCode(error, 'storage/location-invalid') && !error.message.includes('hunter2'),
        text,
      );
    }
  });
});
