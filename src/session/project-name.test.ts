import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseKey } from '../storage/object-store.ts';
import { parseProjectName, projectPrefix } from './project-name.ts';

describe('a project name', () => {
  test('is an organisation and a name', () => {
    for (const name of ['acme/web', 'a/b', '0/9', 'my-org/my_app.v2', `${'a'.repeat(64)}/${'b'.repeat(64)}`])
      assert.equal(parseProjectName(name), name);
    assert.equal(projectPrefix(parseProjectName('acme/web')), 'micelio-acme/projects/web');
  });

  test('never leads out of its place', () => {
    const wrong = [
      '',
      'acme',
      'acme/',
      '/web',
      '/',
      '../web',
      'acme/..',
      'acme/../web',
      '..',
      'acme/.',
      'acme/.git',
      'acme/a..b',
      'a/b/c',
      'Acme/web',
      'acme/WEB',
      'acme/we b',
      'acme/web\n',
      'acme\\web',
      'acme/%2e%2e',
      'acme/-web',
      'acme/web.',
      'acme/wéb',
      'acme/web\0',
      `${'a'.repeat(65)}/b`,
      '~/web',
      'acme/*',
      '$HOME/x',
    ];
    for (const name of wrong)
      assert.throws(() => parseProjectName(name), { code: 'project/name-invalid' }, JSON.stringify(name));
  });

  test('is refused or makes a key in its own folder, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '.', '/', '-', '_', '\n', '0', '\\'), maxLength: 12 }),
        (text) => {
          try {
            const key = parseKey(`${projectPrefix(parseProjectName(text))}/head.json`);
            assert.match(key, /^micelio-[a-z0-9._-]+\/projects\/[a-z0-9][a-z0-9._-]*\/head\.json$/);
            assert.ok(!key.includes('..'));
          } catch (error) {
            assert.equal((error as { code?: string }).code, 'project/name-invalid');
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
