import assert from 'node:assert/strict';
import type { Sandbox } from '../../../src/cloud/provider';
import { createFilter } from '../../../src/views/treeFilter';

const sandbox: Sandbox = { id: '7f3a', name: 'Blue Whale', status: 'stopped', image: 'debian:12' };

describe('createFilter', () => {
  for (const text of ['', '   ']) {
    it(`filters nothing by ${JSON.stringify(text)}`, () => assert.equal(createFilter(text), undefined));
  }

  for (const text of ['whale', 'BLUE', 'blue  whale', 'whale stop', 'debian', '7F3A', 'le']) {
    it(`finds it by ${JSON.stringify(text)}`, () => assert.equal(createFilter(text)?.(sandbox), true));
  }

  for (const text of ['bluewhale', '7f3', 'whale running', '(.*)', 'whale\ndebian x']) {
    it(`does not find it by ${JSON.stringify(text)}`, () =>
      assert.equal(createFilter(text)?.(sandbox), false));
  }
});
