import type { SandboxRef } from '../sandboxes/sandboxList';

/** How `ssh` on this computer gets to know the sandboxes. */
export interface SshAccess {
  /** Makes keys and our own SSH files for a sandbox; touches no file of the user's. Resolves to its alias. */
  provision(ref: SandboxRef): Promise<string>;
  /** Arguments that make `ssh` reach an alias by our own files alone. */
  sshArguments(alias: string): Promise<readonly string[]>;
  /** The user's SSH configuration file if it lacks our line. */
  fileToEdit(): Promise<string | undefined>;
  /** Adds our line to the user's SSH configuration. */
  edit(): Promise<void>;
  /** What in the user's configuration gets in the way of an alias, in words; empty if nothing does. */
  obstacles(alias: string): Promise<readonly string[]>;
  /** Removes a sandbox's keys and entries. */
  forget(alias: string): Promise<void>;
}
