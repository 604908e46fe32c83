import type { SandboxRef } from '../sandboxes/sandboxList';
import type { RemovedConfig } from '../sshConfig/sshConfig';
import type { SettingChange } from './remoteSshSettings';

/** A program and its arguments. */
export interface CommandLine {
  readonly program: string;
  readonly arguments: readonly string[];
}

/** What {@link SshAccess.removeAll} took away. */
export interface RemovedSetup {
  /** Names, untrusted text, of the sandboxes whose keys and entries are gone. */
  readonly sandboxes: readonly string[];
  /** Names of the settings that had entries for them. */
  readonly settingsWithEntries: readonly string[];
  readonly config: RemovedConfig;
  /** Settings that are as they were before us. */
  readonly settings: readonly SettingChange[];
}

/** How `ssh` on this computer gets to know the sandboxes. */
export interface SshAccess {
  /** Makes keys and our own SSH files for a sandbox; touches no file of the user's. Resolves to its alias. */
  provision(ref: SandboxRef): Promise<string>;
  /** The command that reaches a provisioned alias by our own files alone. */
  command(alias: string): CommandLine;
  /** The command that reaches a provisioned alias, for people: the shortest that works in a terminal of theirs. */
  shellCommand(alias: string): Promise<CommandLine>;
  /** The user's SSH configuration files that lack our line. */
  filesToEdit(): Promise<readonly string[]>;
  /** Adds our line to those files, and makes Remote-SSH's settings right for an alias as far as that is allowed. */
  edit(alias: string): Promise<void>;
  /** What in the user's configuration gets in the way of an alias, in words; empty if nothing does. */
  obstacles(alias: string, signal?: AbortSignal): Promise<readonly string[]>;
  /** Makes new keys for a provisioned alias. Connections that are open go on with the old ones. */
  rotateKeys(alias: string): Promise<void>;
  /** Removes a sandbox's keys and entries. Resolves to the names of the settings that had an entry for it. */
  forget(alias: string): Promise<readonly string[]>;
  /** Forgets every sandbox, and removes all that we made, also in the user's files and settings. */
  removeAll(): Promise<RemovedSetup>;
}
