import assert from 'node:assert/strict';
import type * as http from 'node:http';
import { connectEngine, type Engine } from '../../../src/localCloud/runtimes/dockerEngine';
import { launch } from '../../../src/localCloud/runtimes/dockerExec';
import { serveHttp, type TestServer } from '../../helpers/httpServer';

/** Of a frame that carries stderr: Engine API, "Stream format". */
const STDERR = 2;
const MISSING_FOLDER =
  'Error: runc: exec failed: unable to start container process: chdir to cwd ("/no/such") set in config.json failed: ' +
  'no such file or directory: OCI runtime attempted to invoke a command that was not found\n';

/** What Podman 4.3 answers where it says other than Docker. */
describe('A command that cannot be started, in the words of Podman', () => {
  let server: TestServer;
  let engine: Engine;
  let runs: boolean;

  beforeEach(async () => {
    server = await serveHttp(answer);
    server.server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
      socket.end(frame(MISSING_FOLDER));
      // Else its end is never noticed, and it stays open.
      socket.resume();
    });
    const surroundings = { env: {}, platform: process.platform, home: '/' };
    engine = await connectEngine(server.url.replace('http:', 'tcp:'), surroundings);
  });
  afterEach(() => server.close());

  function answer({ url = '' }: http.IncomingMessage, response: http.ServerResponse): void {
    const give = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (url.endsWith('/version')) give(200, { Os: 'linux', Version: '4.3.1', Components: [] });
    else if (url.endsWith('/containers/box/json')) give(200, { State: { Running: runs } });
    else if (url.endsWith('/containers/box/exec')) {
      if (runs) give(201, { Id: 'e1' });
      else
        give(500, { cause: 'container state improper', message: 'container state improper', response: 500 });
    } else give(200, {});
  }

  const cases = [
    { name: 'says that the box does not run', boxRuns: false, want: { code: 'not-running' } },
    { name: 'says why', boxRuns: true, want: { code: 'failed', message: /chdir to cwd \("\/no\/such"\)/ } },
  ];
  for (const { name, boxRuns, want } of cases) {
    it(name, async () => {
      runs = boxRuns;

      await assert.rejects(launch(engine, 'box', { argv: ['true'], env: {} }), want);
    });
  }
});

function frame(text: string): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(STDERR);
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}
