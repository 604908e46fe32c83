import { httpException, middlewareError, type ApiError } from './apiErrors';
import type { OpenHandsOptions } from './options';

const ORGANIZATION = '7f0c3c4e-0d1e-4b67-9d55-2f5b1f3a9c11';
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Who may call the app server. */
export class Access {
  readonly #keys = new Set<string>();

  constructor(private readonly options: OpenHandsOptions) {}

  addKey(key: string): void {
    this.#keys.add(key);
  }

  /** The key is unknown from now on, as after its deletion in the web UI. */
  revokeKey(key: string): void {
    this.#keys.delete(key);
  }

  /** Why a request is refused, if it is. */
  refusal(header: (name: string) => string | undefined): ApiError | undefined {
    return this.options.edition === 'openSource' ? this.#openSource(header) : this.#cloud(header);
  }

  #openSource(header: (name: string) => string | undefined): ApiError | undefined {
    const { appServerKey } = this.options;
    if (appServerKey === undefined || header('x-session-api-key') === appServerKey) return undefined;
    return httpException(401, 'Unauthorized');
  }

  /** The first of three headers counts, whatever is in the others. */
  #cloud(header: (name: string) => string | undefined): ApiError | undefined {
    const bearer = /^Bearer (.+)$/.exec(header('authorization') ?? '')?.[1];
    const key = bearer ?? header('x-session-api-key') ?? header('x-access-token');
    if (key === undefined) return middlewareError(401, 'NoCredentialsError');
    if (!this.#keys.has(key)) return middlewareError(401, 'Invalid API key');
    const organization = header('x-org-id');
    if (organization === undefined) return undefined;
    if (!UUID.test(organization)) return httpException(400, 'Invalid X-Org-Id');
    return organization === ORGANIZATION
      ? undefined
      : middlewareError(403, 'API key is bound to another organization');
  }

  /** What a valid key tells of itself. */
  describeKey(): object {
    return {
      id: 'key-1',
      name: 'test key',
      org_id: ORGANIZATION,
      bound_org_id: null,
      user_id: 'user-1',
      auth_type: 'bearer',
    };
  }
}
