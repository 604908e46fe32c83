import type { NetworkSettings } from '../cloud/provider';

/**
 * The editor's settings that say how to reach the network, by their names without `http.`. The editor gives them as they
 * stand in a file that people write; what is of another type is not set.
 */
export interface EditorNetworkSettings {
  readonly proxy?: unknown;
  /** `off`: no proxy, whatever else is set. */
  readonly proxySupport?: unknown;
  readonly proxyStrictSSL?: unknown;
  /** A list; or one text with commas, as the environment variable has it. */
  readonly noProxy?: unknown;
  /** Value of the Proxy-Authorization header. */
  readonly proxyAuthorization?: unknown;
  readonly systemCertificates?: unknown;
}

/**
 * What connections need to reach the network as the editor does: its settings, and where those are silent the usual
 * environment variables.
 * @param certificates those that this computer trusts besides Node's own
 */
export function networkSettings(
  editor: EditorNetworkSettings,
  env: NodeJS.ProcessEnv,
  certificates: () => readonly string[],
): NetworkSettings {
  const proxyUrl = editor.proxySupport === 'off' ? undefined : proxyOf(editor, env);
  const exceptions = listOf(editor.noProxy);
  const noProxy = exceptions.length > 0 ? exceptions : listOf(variable(env, 'NO_PROXY'));
  const proxyAuthorization = nonBlank(editor.proxyAuthorization);
  const extraCa = editor.systemCertificates === false ? [] : certificates();
  return {
    ...(proxyUrl && { proxyUrl }),
    ...(proxyUrl && proxyAuthorization && { proxyAuthorization }),
    ...(proxyUrl && noProxy.length > 0 && { noProxy }),
    ...(extraCa.length > 0 && { extraCa }),
    ...(editor.proxyStrictSSL === false && { strictTls: false }),
  };
}

function proxyOf(editor: EditorNetworkSettings, env: NodeJS.ProcessEnv): string | undefined {
  return nonBlank(editor.proxy) ?? variable(env, 'HTTPS_PROXY') ?? variable(env, 'HTTP_PROXY');
}

/** Variables of proxies are written in either case. */
function variable(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return nonBlank(env[name] ?? env[name.toLowerCase()]);
}

function nonBlank(value: unknown): string | undefined {
  const text = typeof value === 'string' ? value.trim() : '';
  return text === '' ? undefined : text;
}

function listOf(value: unknown): readonly string[] {
  const entries: readonly unknown[] = Array.isArray(value) ? value : (nonBlank(value)?.split(',') ?? []);
  return entries.flatMap((entry) => nonBlank(entry) ?? []);
}
