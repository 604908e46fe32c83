import { describeError } from '../base/errors';
import type { Logger } from '../base/logger';
import type { SecretStore } from '../base/secretStore';
import { aliasFor } from '../keys/alias';
import type { SandboxKeys } from '../keys/keyPair';
import type { Vault } from '../keys/vault';
import type { SandboxRef } from '../sandboxes/sandboxList';
import type { LauncherSpec } from '../sshConfig/launcher';
import type { Mismatch } from '../sshConfig/mismatches';
import { Provisioner } from '../sshConfig/provisioner';
import { SshConfig } from '../sshConfig/sshConfig';
import type { EditConsent } from './editConsent';
import type { SandboxBook } from './sandboxBook';
import type { RemoteSshSettings } from './remoteSshSettings';
import type { CommandLine, RemovedSetup, SshAccess } from './sshAccess';

/** The editor's own settings for ssh. */
export interface SshSettings {
  /** Path of the ssh program; "ssh" unless set. */
  readonly program?: string;
  /** File that Remote-SSH reads instead of `~/.ssh/config`. */
  readonly configFile?: string;
}

export interface SshSetupOptions {
  readonly sshDir: string;
  /** Result of `editorTag`. */
  readonly editor: string;
  readonly launcher: LauncherSpec;
  readonly secrets: SecretStore;
  /** See `VaultOptions` and `HostFilesOptions`. */
  readonly publicKeysDir: string;
  readonly book: SandboxBook;
  readonly consent: Pick<EditConsent, 'withdraw'>;
  readonly remoteSsh: Pick<RemoteSshSettings, 'apply' | 'forget' | 'restore'>;
  /** The settings as they are now. */
  readonly settings: () => SshSettings;
  readonly log: Logger;
}

/** Ties the vault, our SSH files and the book of sandboxes together. */
export class SshSetup implements SshAccess {
  readonly #options: SshSetupOptions;
  #vault: Promise<Vault> | undefined;
  #current: { readonly settings: string; readonly config: SshConfig } | undefined;

  constructor(options: SshSetupOptions) {
    this.#options = options;
  }

  async provision(ref: SandboxRef): Promise<string> {
    const alias = this.#aliasOf(ref);
    const { account, sandbox } = ref;
    // Recorded first: what the book does not know of is never cleaned up.
    await this.#options.book.record({
      alias,
      accountId: account.id,
      sandboxId: sandbox.id,
      name: sandbox.name,
    });
    await (await this.#provisioner()).provision([alias]);
    return alias;
  }

  /** The ssh program, as a name on PATH or a path. */
  get program(): string {
    return this.#options.settings().program ?? 'ssh';
  }

  /** What ssh runs to connect; it is there once a sandbox was provisioned. */
  get launcherFile(): string {
    return this.#config().hosts.launcherFile;
  }

  command(alias: string): CommandLine {
    return { program: this.program, arguments: ['-F', this.#config().hosts.configFile, alias] };
  }

  async shellCommand(alias: string): Promise<CommandLine> {
    const isPlain = await this.#config().isKnownToPlainSsh();
    const where = isPlain ? [] : ['-F', this.#config().hosts.configFile];
    return { program: 'ssh', arguments: [...where, alias] };
  }

  /** The private keys of a provisioned alias. */
  async keys(alias: string): Promise<SandboxKeys | undefined> {
    return (await this.#openVault()).find(alias);
  }

  /** The private keys for a connection that begins now: ssh takes the host's. */
  async keysForConnection(alias: string): Promise<SandboxKeys | undefined> {
    const keys = await this.keys(alias);
    if (!keys) return undefined;
    try {
      await this.#config().hosts.recognize({ alias, hostKey: keys.host.publicKey });
    } catch (error) {
      // Nearly always ssh knows the key, and if not, it says so.
      this.#options.log.warn(`Cannot see to it that ssh knows ${alias}: ${describeError(error)}`);
    }
    return keys;
  }

  filesToEdit(): Promise<readonly string[]> {
    return this.#config().filesToEdit();
  }

  async edit(alias: string): Promise<void> {
    await this.#config().include();
    try {
      await this.#options.remoteSsh.apply(alias);
    } catch (error) {
      // It opens without them too, only less smoothly.
      this.#options.log.warn(`Cannot change the settings of Remote-SSH: ${describeError(error)}`);
    }
  }

  /** Whether ssh finds our entry for an alias by the user's configuration, wherever our line stands in it. */
  async isFound(alias: string, signal?: AbortSignal): Promise<boolean> {
    const mismatches = await this.#config().verify(alias, signal);
    // Nobody else gives it another name.
    return mismatches.every(({ keyword }) => keyword !== 'HostKeyAlias');
  }

  async obstacles(alias: string, signal?: AbortSignal): Promise<readonly string[]> {
    return (await this.#config().verify(alias, signal)).map(describeMismatch);
  }

  async rotateKeys(alias: string): Promise<void> {
    await (await this.#provisioner()).rotate(alias);
  }

  async forget(alias: string): Promise<readonly string[]> {
    const { book, remoteSsh } = this.#options;
    await (await this.#provisioner()).forget(alias);
    const settings = await remoteSsh.forget(alias);
    await book.forget(alias);
    return settings;
  }

  async removeAll(): Promise<RemovedSetup> {
    const { book, consent, remoteSsh } = this.#options;
    // Another window may have provisioned one; and a book that cannot be read is not an empty one.
    await book.reload();
    const known = book.list();
    const settingsWithEntries = new Set<string>();
    for (const { alias } of known) {
      for (const name of await this.forget(alias)) settingsWithEntries.add(name);
    }
    const config = await this.#config().remove();
    await consent.withdraw();
    return {
      sandboxes: known.map(({ name }) => name),
      settingsWithEntries: [...settingsWithEntries],
      config,
      settings: await remoteSsh.restore(),
    };
  }

  /** Brings our files up to date: an update moves the editor and this extension, and the launcher names both. */
  async refresh(): Promise<void> {
    if (this.#options.book.list().length > 0) await this.#config().hosts.add([]);
  }

  /** The alias stays when the sandbox is renamed: windows are open under it. */
  #aliasOf({ account, sandbox }: SandboxRef): string {
    const { book, editor } = this.#options;
    const { provider, baseUrl, user } = account;
    const parts = { provider, baseUrl, user, editor, sandboxId: sandbox.id, name: sandbox.name };
    return book.aliasOf(account.id, sandbox.id) ?? aliasFor(parts);
  }

  async #provisioner(): Promise<Provisioner> {
    return new Provisioner({ vault: await this.#openVault(), hosts: this.#config().hosts });
  }

  /** Loaded when it is needed: every window would pay for the SSH library behind it, and few use it. */
  #openVault(): Promise<Vault> {
    this.#vault ??= import('../keys/vault').then(({ Vault }) => new Vault(this.#options));
    return this.#vault;
  }

  #config(): SshConfig {
    const { sshDir, editor, launcher, publicKeysDir, settings } = this.#options;
    const { program, configFile } = settings();
    const fingerprint = JSON.stringify([program, configFile]);
    if (this.#current?.settings !== fingerprint) {
      const config = new SshConfig({
        sshDir,
        editor,
        launcher,
        publicKeysDir,
        ...(program && { sshPath: program }),
        ...(configFile && { customConfigFile: configFile }),
      });
      this.#current = { settings: fingerprint, config };
    }
    return this.#current.config;
  }
}

function describeMismatch({ keyword, expected, actual, winner }: Mismatch): string {
  const found = `${keyword} is "${actual}" instead of "${expected}"`;
  return winner ? `${found}, by line ${winner.line} of ${winner.file}: ${winner.text}` : found;
}
