import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readConfiguration } from './configuration.ts';
import { isStoreLocation, parseStoreLocation } from './store-location.ts';

describe('where a store is', () => {
  test('has one form: an absolute path or an s3:// URL', () => {
    for (const [text, location] of [
      ['store', '/work/store'],
      ['../store/', '/store'],
      ['/a/./b', '/a/b'],
      ['file:///a/b%20c', '/a/b c'],
      ['s3://bucket/', 's3://bucket'],
      ['S3://bucket/a?region=r', 's3://bucket/a?region=r'],
    ] as const) {
      assert.equal(parseStoreLocation(text, '/work'), location);
      assert.equal(parseStoreLocation(location, '/elsewhere'), location);
      assert.ok(isStoreLocation(location));
    }
    assert.ok(!isStoreLocation('store'));
  });

  test('is refused in words where it is of no kind that is known', () => {
    assert.throws(() => parseStoreLocation('ftp://host/x', '/'), { code: 'configuration/invalid' });
    assert.throws(() => parseStoreLocation('file://host/x', '/'), { code: 'configuration/invalid' });
    assert.throws(() => parseStoreLocation('s3://a:b@bucket', '/'), { code: 'storage/location-invalid' });
  });

  test('is read from the environment', () => {
    const configuration = readConfiguration({ HOME: '/proc/none', MICELIO_STORE: 's3://bucket/' }, '/');
    assert.equal(configuration.store, 's3://bucket');
    assert.equal(configuration.tiers.cache, '/proc/none/.cache/micelio');
  });
});
