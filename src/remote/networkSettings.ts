import type { NetworkSettings } from '../cloud/provider';

/** The editor's settings that say how to reach the network, by their names without `http.`. */
export interface EditorNetworkSettings {
  readonly proxy?: string | undefined;
  /** `off`: no proxy, whatever else is set. */
  readonly proxySupport?: string | undefined;
  readonly proxyStrictSSL?: boolean | undefined;
  readonly noProxy?: readonly string[] | undefined;
}

/**
 * What connections need to reach the network as the editor does: its settings, and where those are silent the usual
 * environment variables.
 */
export function networkSettings(editor: EditorNetworkSettings, env: NodeJS.ProcessEnv): NetworkSettings {
  const proxyUrl = editor.proxySupport === 'off' ? undefined : proxyOf(editor, env);
  const noProxy = editor.noProxy?.length ? editor.noProxy : listOf(variable(env, 'NO_PROXY'));
  return {
    ...(proxyUrl && { proxyUrl }),
    ...(proxyUrl && noProxy.length > 0 && { noProxy }),
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
