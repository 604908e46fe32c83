/** OAuth 2.0 Device Authorization Grant (RFC 8628) as OpenHands Cloud has it. */
import { randomBytes } from 'node:crypto';
import { Hono } from 'hono';
import type { Access } from './auth';
import type { OpenHandsOptions } from './options';

const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:device_code';
/** RFC 8628, section 3.5: how much slower a client must become. */
const SLOW_DOWN_SECONDS = 5;

interface Grant {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly expiresAt: number;
  intervalSeconds: number;
  decision: 'approved' | 'denied' | undefined;
  lastPollAt: number;
}

/** Sign-in by a person in a browser; a test is that person. */
export class DeviceFlow {
  readonly #grants: Grant[] = [];

  constructor(
    private readonly options: OpenHandsOptions,
    private readonly access: Access,
  ) {}

  /** The person enters the code and agrees. */
  approve(userCode: string): void {
    this.#decide(userCode, 'approved');
  }

  /** The person enters the code and refuses. */
  deny(userCode: string): void {
    this.#decide(userCode, 'denied');
  }

  routes(url: () => string): Hono {
    const routes = new Hono();
    routes.post('/authorize', (c) => c.json(this.#authorize(url())));
    routes.post('/token', async (c) => {
      const form = new URLSearchParams(await c.req.text());
      const answer = this.#poll(form.get('grant_type') ?? '', form.get('device_code') ?? '');
      return c.json(answer, 'error' in answer ? 400 : 200);
    });
    return routes;
  }

  #authorize(url: string): object {
    const { intervalSeconds = 1, expiresInSeconds = 600 } = this.options.deviceFlow ?? {};
    const grant: Grant = {
      deviceCode: randomBytes(32).toString('base64url'),
      userCode: randomBytes(4).toString('hex').toUpperCase(),
      expiresAt: Date.now() + expiresInSeconds * 1_000,
      intervalSeconds,
      decision: undefined,
      lastPollAt: -Infinity,
    };
    this.#grants.push(grant);
    return {
      device_code: grant.deviceCode,
      user_code: grant.userCode,
      verification_uri: `${url}/oauth/device/verify`,
      verification_uri_complete: `${url}/oauth/device/verify?user_code=${grant.userCode}`,
      expires_in: expiresInSeconds,
      interval: intervalSeconds,
    };
  }

  #poll(grantType: string, deviceCode: string): object {
    if (grantType !== GRANT_TYPE) return { error: 'unsupported_grant_type' };
    const grant = this.#grants.find((candidate) => candidate.deviceCode === deviceCode);
    if (!grant) return { error: 'invalid_grant' };
    if (Date.now() > grant.expiresAt) return { error: 'expired_token' };
    if (grant.decision === 'denied') return { error: 'access_denied' };
    if (grant.decision === 'approved') return this.#redeem(grant);
    const isTooSoon = Date.now() < grant.lastPollAt + grant.intervalSeconds * 1_000;
    grant.lastPollAt = Date.now();
    if (!isTooSoon) return { error: 'authorization_pending' };
    grant.intervalSeconds += SLOW_DOWN_SECONDS;
    return { error: 'slow_down', interval: grant.intervalSeconds };
  }

  #redeem(grant: Grant): object {
    this.#grants.splice(this.#grants.indexOf(grant), 1);
    const key = randomBytes(32).toString('base64url');
    this.access.addKey(key);
    return { access_token: key, token_type: 'Bearer' };
  }

  #decide(userCode: string, decision: 'approved' | 'denied'): void {
    const grant = this.#grants.find((candidate) => candidate.userCode === userCode);
    if (!grant) throw new Error(`there is no user code ${userCode}`);
    grant.decision = decision;
  }
}
