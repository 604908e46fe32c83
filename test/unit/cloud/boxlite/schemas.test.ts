import assert from 'node:assert/strict';
import * as v from 'valibot';
import { boxPageSchema, boxSchema, toSandbox } from '../../../../src/cloud/boxlite/schemas';

describe('When a box will be stopped', () => {
  const hosted = {
    box_id: '01HJK4TNRPQSXYZ8WM6NCVT9R5',
    status: 'running',
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:10:00Z',
    auto_stop: 900,
  };
  const stopsAt = (box: object): Date | undefined => toSandbox(v.parse(boxSchema, box)).stopsAt;

  it('is what the cloud says', () => {
    const told = { ...hosted, stops_at: '2026-01-01T00:20:00Z' };
    assert.deepEqual(stopsAt(told), new Date('2026-01-01T00:20:00Z'));
  });

  it('is not guessed where the cloud tells only its limit, not since when the box is idle', () => {
    assert.equal(stopsAt(hosted), undefined);
  });

  it('is unknown where what the cloud says is no time', () => {
    assert.equal(stopsAt({ ...hosted, stops_at: 'soon' }), undefined);
  });
});

describe('A box that a cloud describes oddly', () => {
  const odd = {
    name: 5,
    status: {},
    image: { reference: 'alpine' },
    created_at: 1767225600,
    notice: [],
    stops_at: true,
  };

  it('is listed with what can be understood', () => {
    const { boxes } = v.parse(boxPageSchema, { boxes: [{ box_id: 'a', ...odd }] });

    assert.deepEqual(boxes.map(toSandbox), [{ id: 'a', name: 'a', status: 'unknown' }]);
  });

  it('is no box without an id', () => {
    for (const id of [undefined, null, '', 5]) assert.equal(v.is(boxSchema, { box_id: id }), false);
  });
});
