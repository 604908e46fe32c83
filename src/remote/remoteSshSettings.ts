import * as v from 'valibot';
import type { StateStore } from '../sandboxes/stateStore';

/** The user's own settings of the editor. */
export interface UserSettings {
  /** Whether the editor knows the setting; which ones there are depends on the Remote-SSH that is installed. */
  has(name: string): boolean;
  /** What the user has set; undefined if nothing. */
  get(name: string): unknown;
  /** The value in force. */
  effective(name: string): unknown;
  /** Undefined takes the setting away. */
  set(name: string, value: unknown): Promise<void>;
}

export interface SettingChange {
  readonly name: string;
  /** Undefined: it was not set, or is not set any more. */
  readonly value: unknown;
}

/** A change that the person is asked about. */
export interface ProposedChange extends SettingChange {
  /** Whether the setting gets an entry with that value for each sandbox that is opened, or has it for all SSH hosts. */
  readonly reach: 'each-sandbox' | 'all-hosts';
}

/** By host, so that Remote-SSH neither asks which system it has nor probes for it. */
const platformSetting = 'remote.SSH.remotePlatform';
const platform = 'linux';
/** Seconds; for all hosts. Remote-SSH gives up after it, whatever ssh's own configuration says. */
const timeoutSetting = 'remote.SSH.connectTimeout';
/** A window that was reloaded waits while its sandbox starts, for which clouds may take three minutes. */
const TIMEOUT_SECONDS = 240;

const stateKey = 'remote-ssh-settings';
const schema = v.object({
  /** What the person answered. */
  allowed: v.boolean(),
  /** Aliases that we made an entry for. */
  platforms: v.array(v.string()),
  /** What was set before us; null is nothing. */
  timeoutBefore: v.optional(v.nullable(v.unknown())),
});
type Stored = v.InferOutput<typeof schema>;

/**
 * Remote-SSH's settings that make sandboxes open smoothly. They are the user's: changed only if allowed, remembered,
 * and changed back unless somebody else has changed them since.
 */
export class RemoteSshSettings {
  readonly #state: StateStore;
  readonly #settings: UserSettings;

  constructor(state: StateStore, settings: UserSettings) {
    this.#state = state;
    this.#settings = settings;
  }

  /** What should be changed, as long as the person was not asked. */
  unasked(): readonly ProposedChange[] {
    if (this.#stored) return [];
    const proposed: ProposedChange[] = [];
    if (this.#settings.has(platformSetting)) {
      proposed.push({ name: platformSetting, value: platform, reach: 'each-sandbox' });
    }
    if (this.#isTimeoutShort) {
      proposed.push({ name: timeoutSetting, value: TIMEOUT_SECONDS, reach: 'all-hosts' });
    }
    return proposed;
  }

  /** Keeps the person's answer. */
  async decide(allowed: boolean): Promise<void> {
    await this.#change((stored) => ({ platforms: [], ...stored, allowed }));
  }

  /** Makes the settings right for an alias, if that is allowed. */
  async apply(alias: string): Promise<void> {
    if (!this.#stored?.allowed) return;
    await this.#applyTimeout();
    const entries = this.#platforms;
    if (!this.#settings.has(platformSetting) || alias in entries) return;
    // Recorded first: what nobody knows of is never changed back.
    await this.#change((stored) => stored && { ...stored, platforms: [...stored.platforms, alias] });
    await this.#settings.set(platformSetting, { ...entries, [alias]: platform });
  }

  /** Takes the alias's entry away again. Resolves to the names of the settings that had one. */
  async forget(alias: string): Promise<readonly string[]> {
    if (!this.#stored?.platforms.includes(alias)) return [];
    const isRemoved = await this.#removePlatforms([alias]);
    await this.#change(
      (stored) => stored && { ...stored, platforms: stored.platforms.filter((known) => known !== alias) },
    );
    return isRemoved ? [platformSetting] : [];
  }

  /** Changes everything back and forgets the person's answer. Resolves to what was changed. */
  async restore(): Promise<readonly SettingChange[]> {
    const stored = this.#stored;
    if (!stored) return [];
    const changed: SettingChange[] = [];
    if (await this.#removePlatforms(stored.platforms)) {
      changed.push({ name: platformSetting, value: this.#settings.get(platformSetting) });
    }
    if (stored.timeoutBefore !== undefined && this.#settings.get(timeoutSetting) === TIMEOUT_SECONDS) {
      const value = stored.timeoutBefore ?? undefined;
      await this.#settings.set(timeoutSetting, value);
      changed.push({ name: timeoutSetting, value });
    }
    await this.#change(() => undefined);
    return changed;
  }

  async #applyTimeout(): Promise<void> {
    // Once: a value that was lowered again is the person's wish.
    if (!this.#isTimeoutShort || this.#stored?.timeoutBefore !== undefined) return;
    const timeoutBefore = this.#settings.get(timeoutSetting) ?? null;
    await this.#change((stored) => stored && { ...stored, timeoutBefore });
    await this.#settings.set(timeoutSetting, TIMEOUT_SECONDS);
  }

  async #removePlatforms(aliases: readonly string[]): Promise<boolean> {
    const entries = Object.entries(this.#platforms);
    const others = entries.filter(([alias, value]) => !(aliases.includes(alias) && value === platform));
    if (others.length === entries.length) return false;
    await this.#settings.set(platformSetting, others.length > 0 ? Object.fromEntries(others) : undefined);
    return true;
  }

  /** Zero is as long as Remote-SSH can wait. */
  get #isTimeoutShort(): boolean {
    const seconds = this.#settings.has(timeoutSetting) && this.#settings.effective(timeoutSetting);
    return typeof seconds === 'number' && seconds > 0 && seconds < TIMEOUT_SECONDS;
  }

  get #platforms(): Readonly<Record<string, unknown>> {
    const parsed = v.safeParse(v.record(v.string(), v.unknown()), this.#settings.get(platformSetting));
    return parsed.success ? parsed.output : {};
  }

  get #stored(): Stored | undefined {
    return storedOf(this.#state.get(stateKey));
  }

  /** Through the store, since another window may change it at the same time. */
  async #change(next: (stored: Stored | undefined) => Stored | undefined): Promise<void> {
    await this.#state.change(stateKey, (current) => next(storedOf(current)));
  }
}

function storedOf(value: unknown): Stored | undefined {
  const parsed = v.safeParse(schema, value);
  return parsed.success ? parsed.output : undefined;
}
