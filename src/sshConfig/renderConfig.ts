import { optionsFor, type HostOption, type SshVersion } from './hostOptions';
import { launcherCommand } from './launcher';
import { configPath, proxyCommandPath } from './quoting';

/** Everything that the configuration of one editor's hosts is made from. */
export interface HostConfig {
  readonly editor: string;
  readonly aliases: readonly string[];
  /** Paths of our own files. */
  readonly launcher: string;
  readonly knownHosts: string;
  /** The home folder by which ssh expands "~". */
  readonly home: string;
  /** Release of the ssh that reads it, if known. */
  readonly client: SshVersion | undefined;
  readonly platform: NodeJS.Platform;
}

/** The text of an editor's configuration file. Throws `unsupported-path`. */
export function renderConfig(config: HostConfig): string {
  const blocks = [...config.aliases].sort().map((alias) => block(alias, aliasOptions(config, alias)));
  return [
    '# Written by the Cloud Sandboxes extension. Changes are lost.\n',
    ...blocks,
    block(`*.${config.editor}.sbx`, sharedOptions(config)),
  ].join('\n');
}

/**
 * Options of one alias. Its name stands in them literally: editors cache by HostName, and a token would let a shell
 * see a name that somebody else chose.
 */
export function aliasOptions(config: HostConfig, alias: string): readonly HostOption[] {
  return [
    { keyword: 'HostName', value: alias, essential: true },
    { keyword: 'HostKeyAlias', value: alias, essential: true },
    { keyword: 'ProxyCommand', value: `${proxyCommand(config)} ${alias}`, essential: true },
  ];
}

/** Options of every alias of the editor, also of those that are gone: the launcher without a name says so. */
export function sharedOptions(config: HostConfig): readonly HostOption[] {
  const { home, knownHosts, platform } = config;
  return [
    { keyword: 'ProxyCommand', value: proxyCommand(config) },
    { keyword: 'UserKnownHostsFile', value: configPath(knownHosts, home, platform), essential: true },
    ...optionsFor(config.client),
  ];
}

function proxyCommand({ launcher, platform }: HostConfig): string {
  return launcherCommand(launcher, platform)
    .map((word) => proxyCommandPath(word, platform))
    .join(' ');
}

function block(pattern: string, options: readonly HostOption[]): string {
  return [`Host ${pattern}`, ...options.map(({ keyword, value }) => `  ${keyword} ${value}`), ''].join('\n');
}
