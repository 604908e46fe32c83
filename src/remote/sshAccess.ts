import type { SandboxRef } from '../sandboxes/sandboxList';

/** A program and its arguments. */
export interface CommandLine {
  readonly program: string;
  readonly arguments: readonly string[];
}

/** How `ssh` on this computer gets to know the sandboxes. */
export interface SshAccess {
  /** Makes keys and our own SSH files for a sandbox; touches no file of the user's. Resolves to its alias. */
  provision(ref: SandboxRef): Promise<string>;
  /** The command that reaches a provisioned alias by our own files alone. */
  command(alias: string): CommandLine;
  /** The user's SSH configuration files that lack our line. */
  filesToEdit(): Promise<readonly string[]>;
  /** Adds our line to those files. */
  edit(): Promise<void>;
  /** What in the user's configuration gets in the way of an alias, in words; empty if nothing does. */
  obstacles(alias: string, signal?: AbortSignal): Promise<readonly string[]>;
  /** Removes a sandbox's keys and entries. */
  forget(alias: string): Promise<void>;
  /** Once no sandbox is provisioned any more: removes all that we made, also in the user's files. */
  cleanUp(): Promise<void>;
}
