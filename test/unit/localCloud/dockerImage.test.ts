import { strict as assert } from 'node:assert';
import { checkReference, DEFAULT_IMAGE } from '../../../src/localCloud/runtimes/dockerImage';

describe('checkReference', () => {
  const digest = `sha256:${'0'.repeat(64)}`;
  const accepted = [
    DEFAULT_IMAGE,
    'debian',
    'library/debian:bookworm-slim',
    'localhost:5000/team_a/image__x:1.0-rc.1',
    `ghcr.io/a/b@${digest}`,
  ];
  for (const reference of accepted) {
    it(`accepts ${reference}`, () => assert.equal(checkReference(reference), reference));
  }

  const refused = [
    '',
    '/',
    '/srv/root',
    '../containers',
    'a/../../containers/b',
    'a//b',
    'a?b=c',
    'a b',
    'a\nb',
    'ü',
    '$(id)',
    'a'.repeat(513),
  ];
  for (const reference of refused) {
    it(`refuses ${JSON.stringify(reference).slice(0, 40)}`, () =>
      assert.throws(() => checkReference(reference), { code: 'bad-image' }));
  }
});
