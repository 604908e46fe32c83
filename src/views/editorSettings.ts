import * as os from 'node:os';
import * as vscode from 'vscode';
import { abortable } from '../base/async';
import { createDeadline } from '../base/deadline';
import { systemCertificates } from '../base/systemCertificates';
import type { NetworkSettings } from '../cloud/provider';
import type { ComputerFacts } from '../remote/doctor/computerChecks';
import { backendChoices, type BackendChoice } from '../broker/protocol';
import { networkSettings } from '../remote/networkSettings';
import { installedRemoteSsh, recommendedRemoteSsh } from '../remote/remoteSshFamily';
import type { UserSettings } from '../remote/remoteSshSettings';
import type { SshSettings } from '../remote/sshSetup';
import { configurationSection } from './ids';

/** How the editor reaches the network. */
export function readNetworkSettings(): NetworkSettings {
  const http = vscode.workspace.getConfiguration('http');
  return networkSettings(
    {
      proxy: http.get('proxy'),
      proxySupport: http.get('proxySupport'),
      proxyStrictSSL: http.get('proxyStrictSSL'),
      noProxy: http.get('noProxy'),
      proxyAuthorization: http.get('proxyAuthorization'),
      systemCertificates: http.get('systemCertificates'),
    },
    process.env,
    trustedCertificates,
  );
}

let certificates: readonly string[] | undefined;

/** Read once for each window: that takes its time on some systems, and the settings are read often. */
function trustedCertificates(): readonly string[] {
  certificates ??= systemCertificates();
  return certificates;
}

/** Which Remote-SSH there is, or should be. */
export function readRemoteSsh(canOpenRemotes: boolean): ComputerFacts['remoteSsh'] {
  if (!canOpenRemotes) return { state: 'unavailable' };
  const installed = installedRemoteSsh((id) => vscode.extensions.getExtension(id) !== undefined);
  return installed
    ? { state: 'installed', extension: installed }
    : { state: 'missing', extension: recommendedRemoteSsh(vscode.env.uriScheme) };
}

/** Remote-SSH's settings for the ssh program. */
export function readSshSettings(): SshSettings {
  const program = userSetting('remote.SSH.path');
  const configFile = userSetting('remote.SSH.configFile');
  return {
    ...(program && { program }),
    ...(configFile && { configFile: configFile.replace(/^~(?=[/\\])/, os.homedir()) }),
  };
}

/**
 * A setting of the user's own. A workspace's value is left out: the setting is another extension's, so nothing but
 * this keeps a folder from an untrusted source from naming a program to run.
 */
function userSetting(name: string): string | undefined {
  const value = vscode.workspace.getConfiguration().inspect(name)?.globalValue;
  return typeof value === 'string' ? value.trim() : undefined;
}

/** The runtime that the local cloud is to use; undefined lets it choose. */
export function readLocalCloudRuntime(): 'docker' | 'bubblewrap' | 'process' | undefined {
  const runtime = vscode.workspace.getConfiguration(configurationSection).get('localCloud.runtime');
  return runtime === 'docker' || runtime === 'bubblewrap' || runtime === 'process' ? runtime : undefined;
}

/** How connections are to reach into sandboxes. */
export function readBackend(): BackendChoice {
  const choice: unknown = vscode.workspace.getConfiguration(configurationSection).get('backend');
  return backendChoices.find((known) => known === choice) ?? 'auto';
}

/** While a window is being resolved, the editor holds back changes of settings; nothing may wait for that. */
const SETTING_TIMEOUT_MS = 5000;

export const userSettings: UserSettings = {
  has: (name) => vscode.workspace.getConfiguration().inspect(name)?.defaultValue !== undefined,
  get: (name) => vscode.workspace.getConfiguration().inspect(name)?.globalValue,
  effective: (name) => vscode.workspace.getConfiguration().get(name),
  set: async (name, value) => {
    const timedOut = (): Error => new Error(vscode.l10n.t('The editor does not change its settings now'));
    const deadline = createDeadline(SETTING_TIMEOUT_MS, timedOut);
    const target = vscode.ConfigurationTarget.Global;
    const updating = vscode.workspace.getConfiguration().update(name, value, target);
    try {
      await abortable(Promise.resolve(updating), deadline.signal);
    } finally {
      deadline.dispose();
    }
  },
};
