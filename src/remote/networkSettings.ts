import type { NetworkSettings } from '../cloud/provider';

/** The editor's settings that say how to reach the network, by their names without `http.`. */
export interface EditorNetworkSettings {
  readonly proxy?: string | undefined;
  /** `off`: no proxy, whatever else is set. */
  readonly proxySupport?: string | undefined;
  readonly proxyStrictSSL?: boolean | undefined;
  readonly noProxy?: readonly string[] | undefined;
  /** Value of the Proxy-Authorization header. */
  readonly proxyAuthorization?: string | null | undefined;
  readonly systemCertificates?: boolean | undefined;
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
  const noProxy = editor.noProxy?.length ? editor.noProxy : listOf(variable(env, 'NO_PROXY'));
  const proxyAuthorization = nonBlank(editor.proxyAuthorization ?? undefined);
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

function nonBlank(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === '' ? undefined : trimmed;
}

function listOf(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
