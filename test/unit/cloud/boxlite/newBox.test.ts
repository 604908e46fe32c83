import assert from 'node:assert/strict';
import type { ServerConfig } from '../../../../src/cloud/boxlite/api';
import { boxFields, boxRequest } from '../../../../src/cloud/boxlite/newBox';

const keysOf = (config: ServerConfig): string[] => boxFields(config).map(({ key }) => key);

describe('A new box', () => {
  it('can be chosen in full at a server that says nothing of itself', () => {
    assert.deepEqual(keysOf({}), ['name', 'image', 'cpus', 'memoryMib', 'idleStopSeconds']);
  });

  it('has no image and no limits where the server declares that it has none', () => {
    const capabilities = { images_enabled: false, resource_limits_enabled: false };
    assert.deepEqual(keysOf({ capabilities }), ['name', 'idleStopSeconds']);
  });

  it('has the idle limit that the server declares, and no other default', () => {
    const fields = boxFields({ defaults: { auto_stop: 900 } });
    assert.deepEqual(
      fields.filter((field) => field.default !== undefined).map(({ key, default: value }) => [key, value]),
      [['idleStopSeconds', 900]],
    );
    assert.ok(boxFields({ defaults: { auto_stop: 'soon' } }).every((field) => field.default === undefined));
  });

  it('is asked for by the names of the Box API', () => {
    const options = { name: 'a', image: 'b', cpus: 2, memoryMib: 512, idleStopSeconds: 0 };
    assert.deepEqual(boxRequest(options), { name: 'a', image: 'b', cpus: 2, memory_mib: 512, auto_stop: 0 });
  });

  it('is asked for without what was left open: servers refuse fields that they do not know', () => {
    assert.deepEqual(boxRequest({}), {});
  });
});
