import assert from 'node:assert/strict';
import { folders } from '../../../src/localCloud/runtimes/process';

describe('The folder for temporary files of a box of plain processes', () => {
  const id = '0123456789abcdef';
  const below = (data: string) => ({ id, dir: `${data}/cloud-sandboxes/local-cloud/boxes/${id}` });

  it("has room for an editor's sockets on a Mac, where those are in it", () => {
    const box = below('/Users/somebody/.local/share');
    const socket = `${folders(box, 'darwin').temporary}/vscode-ipc-01234567-89ab-cdef-0123-456789abcdef.sock`;

    // unix(4) of macOS: 104 with the end.
    assert.ok(Buffer.byteLength(socket) < 104, socket);
  });

  it("is the box's own elsewhere, and outlives a stop", () => {
    const box = below('/home/somebody/.local/share');

    assert.equal(folders(box, 'linux').temporary, `${box.dir}/tmp`);
  });
});
