import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { editorOfAlias, listenAddress, listEndpoints, newEndpointFile } from '../../../src/broker/endpoints';
import { useTempDir } from '../../helpers/tempDir';

describe('broker endpoints', () => {
  const dir = useTempDir();

  it('are listed with those of the preferred editor first', async () => {
    for (const name of ['cursor-1-aaaaaaaa.sock', 'vscode-2-bbbbbbbb.sock', 'code-oss-3-cccccccc.pipe']) {
      writeFileSync(path.join(dir.path, name), '');
    }
    const endpoints = await listEndpoints(dir.path, 'vscode');
    assert.deepEqual(endpoints[0], {
      file: path.join(dir.path, 'vscode-2-bbbbbbbb.sock'),
      editor: 'vscode',
      pid: 2,
    });
    assert.deepEqual(endpoints.map(({ editor }) => editor).sort(), ['code-oss', 'cursor', 'vscode']);
  });

  it('are listed up to a number that nobody has windows for, those of other editors last', async () => {
    for (let index = 0; index < 70; index++) {
      writeFileSync(path.join(dir.path, `cursor-${index}-aaaaaaaa.sock`), '');
    }
    writeFileSync(path.join(dir.path, 'vscode-1-bbbbbbbb.sock'), '');

    const editors = (await listEndpoints(dir.path, 'vscode')).map(({ editor }) => editor);

    assert.deepEqual([editors.length, editors[0]], [64, 'vscode']);
  });

  it('are listed without other files of the folder', async () => {
    for (const name of ['x.sock', 'vscode-2-bbbbbbbb.sock.tmp', 'A-2-bbbbbbbb.sock', 'cloud.json']) {
      writeFileSync(path.join(dir.path, name), '');
    }
    assert.deepEqual(await listEndpoints(dir.path), []);
  });

  it('are sockets in the folder, or on Windows a file that names a pipe nobody can guess', () => {
    const socket = newEndpointFile(dir.path, 'vscode', 'linux');
    assert.equal(listenAddress(socket), socket);
    assert.ok(socket.includes(`vscode-${process.pid}-`));
    const pipe = newEndpointFile('C:\\Temp\\run', 'vscode', 'win32');
    assert.match(pipe, /^C:\\Temp\\run\\vscode-\d+-[0-9a-f]{8}\.pipe$/);
    assert.match(listenAddress(pipe), /^\\\\\.\\pipe\\cloud-sandboxes-[0-9a-f]{32}$/);
    assert.notEqual(listenAddress(pipe), listenAddress(pipe));
  });

  it('are refused where the path of a socket would be too long', () => {
    const longest = 100 - `/vscode-${process.pid}-00000000.sock`.length;
    const folder = (length: number): string => `/${'x'.repeat(length - 1)}`;
    assert.equal(newEndpointFile(folder(longest), 'vscode', 'linux').length, 100);
    assert.throws(() => newEndpointFile(folder(longest + 1), 'vscode', 'linux'), { code: 'path-too-long' });
  });

  it('count bytes, not characters', () => {
    assert.throws(() => newEndpointFile(`/${'ü'.repeat(50)}`, 'vscode', 'linux'), { code: 'path-too-long' });
  });
});

describe('editorOfAlias', () => {
  for (const [alias, editor] of [
    ['web-aaaabbbbcccc.vscode.sbx', 'vscode'],
    ['web-aaaabbbbcccc.code-oss.sbx', 'code-oss'],
    ['nothing', ''],
    ['', ''],
  ] as const) {
    it(`is ${JSON.stringify(editor)} for ${JSON.stringify(alias)}`, () =>
      assert.equal(editorOfAlias(alias), editor));
  }
});
