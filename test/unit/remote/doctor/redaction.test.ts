import assert from 'node:assert/strict';
import { redact } from '../../../../src/remote/doctor/redaction';

describe('redact', () => {
  const secrets = [
    { name: 'a plain token', secret: 'blx_3f9a8c7d6e5b' },
    { name: 'a token of a pattern’s characters', secret: '.*$&^(?:a|b)+[x]{2}\\d' },
    { name: 'a replacement’s characters', secret: "$& $' $` $1" },
    { name: 'a token that needs encoding in a URL', secret: 'a/b+c=d e&f' },
    { name: 'a token with quotes', secret: 'to"ken\\with\nlines' },
    { name: 'a token that is not ASCII', secret: 'påsswörd-密碼' },
    { name: 'a token with half a character', secret: 'abc\ud800def' },
    { name: 'a short password', secret: 'pw1' },
  ];
  /** How a text may spell a secret, and what of that must not be left. */
  const ways: { way: string; spell: (secret: string) => string; hidden?: (spelling: string) => string }[] = [
    { way: 'as it is', spell: (secret) => secret },
    { way: 'encoded for a URL', spell: (secret) => encodeURIComponent(Buffer.from(secret).toString()) },
    { way: 'as JSON', spell: (secret) => JSON.stringify(secret).slice(1, -1) },
    {
      way: 'as base64',
      spell: (secret) => Buffer.from(secret).toString('base64'),
      // The last group of four depends on what follows the secret.
      hidden: (spelling) => spelling.slice(0, -4) || spelling,
    },
  ];
  for (const { name, secret } of secrets) {
    for (const { way, spell, hidden = (spelling: string) => spelling } of ways) {
      it(`hides ${name}, written ${way}, once and twice, also within a word`, () => {
        const spelling = spell(secret);

        const clean = redact(`it said: ${spelling}, x${spelling}y`, { secrets: [secret] });

        assert.ok(!clean.includes(hidden(spelling)), clean);
        assert.match(clean, /^it said: \*\*\*.*, x\*\*\*.*y$/);
      });
    }
  }

  it('hides a secret that another one is part of', () => {
    assert.equal(redact('abcd-efgh', { secrets: ['abcd', 'abcd-efgh'] }), '***');
  });

  it('leaves the text whole where a secret is empty or a letter', () => {
    assert.equal(redact('a report', { secrets: ['', ' ', 'a'] }), 'a report');
  });

  const unknown = [
    { text: 'by http://ada:p@ss:w@proxy.corp:8080/ then', want: 'by http://***@proxy.corp:8080/ then' },
    { text: 'wss://token@cloud.example', want: 'wss://***@cloud.example' },
    { text: 'Authorization: Bearer abc.def', want: 'Authorization: ***' },
    { text: '"proxy-authorization": "Basic YTpi"', want: '"proxy-authorization": ***' },
    { text: 'sent bearer abc.def-ghi_jkl= twice', want: 'sent bearer *** twice' },
    { text: 'GET /x?access_token=abc&page=2', want: 'GET /x?access_token=***&page=2' },
    { text: 'password = "hunter2"', want: 'password = "***"' },
    { text: 'API_KEY=abc123', want: 'API_KEY=***' },
    { text: 'jwt eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl end', want: 'jwt *** end' },
    { text: 'key ghp_abcdefgh12345678 end', want: 'key *** end' },
    {
      text: 'a\n-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\n-----END OPENSSH PRIVATE KEY-----\nb',
      want: 'a\n***\nb',
    },
    { text: '-----BEGIN RSA PRIVATE KEY-----\nMIIE (cut off', want: '***' },
    { text: 'at /home/ada/work and /Users/ada/x', want: 'at /home/***/work and /Users/***/x' },
    { text: 'C:\\Users\\Ada\\x, c:/users/Ada/y', want: 'C:\\Users\\***\\x, c:/users/***/y' },
  ];
  for (const { text, want } of unknown) {
    it(`hides what looks like a secret: ${JSON.stringify(text)}`, () =>
      assert.equal(redact(text, { secrets: [] }), want));
  }

  const harmless = [
    'OpenSSH_9.2p1 Debian-2+deb12u3, OpenSSL 3.0.11 19 Sep 2023',
    'Answers after 12 ms (HTTP 200) by TLSv1.3; certificate by Let’s Encrypt, good until Jan 1 2027',
    'cloud.example is 10.0.0.1, ::1',
    'ProxyCommand is "none" instead of "x", by line 3 of ~/.ssh/config: ProxyJump bastion@host',
    'The bearer token is missing or wrong; it is in the token file of the server',
    'The risk-assessment-of-tokens is done; user@host works',
  ];
  for (const text of harmless) {
    it(`leaves alone: ${text}`, () => assert.equal(redact(text, { secrets: [] }), text));
  }

  it('writes the home folder as ~', () => {
    const text = 'by line 1 of /data/people/ada/.ssh/config';
    assert.equal(redact(text, { secrets: [], home: '/data/people/ada' }), 'by line 1 of ~/.ssh/config');
  });

  it('takes no time on a long hostile text', () => {
    const text = 'a://'.repeat(20_000) + 'authorization'.repeat(5_000) + 'token'.repeat(20_000);
    const began = performance.now();

    redact(text, { secrets: ['abcdef'] });

    // Quadratic time would be minutes.
    assert.ok(performance.now() - began < 5_000);
  });
});
