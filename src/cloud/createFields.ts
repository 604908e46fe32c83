/** What can be chosen for a new sandbox, as data: the same questions serve every cloud. */

/** The choices that were made; the cloud decides what is left out. */
export interface CreateOptions {
  readonly name?: string;
  readonly image?: string;
  readonly cpus?: number;
  readonly memoryMib?: number;
  /** After how long without use the cloud stops it; 0 is never. */
  readonly idleStopSeconds?: number;
}

type KeyOf<Value> = {
  [Key in keyof CreateOptions]-?: Required<CreateOptions>[Key] extends Value ? Key : never;
}[keyof CreateOptions];

/** Any text. */
export interface TextField {
  readonly kind: 'text';
  readonly key: KeyOf<string>;
  /** What the cloud takes if nothing is chosen, where that is known. */
  readonly default?: string;
  readonly suggestions?: readonly string[];
  readonly maxLength: number;
}

/** Any whole number within bounds. */
export interface NumberField {
  readonly kind: 'number';
  readonly key: KeyOf<number>;
  readonly default?: number;
  readonly suggestions?: readonly number[];
  readonly min: number;
  readonly max: number;
}

/** One of a few values. */
interface ChoiceOf<Value> {
  readonly kind: 'choice';
  readonly key: KeyOf<Value>;
  readonly default?: Value;
  readonly choices: readonly Value[];
}

export type ChoiceField = ChoiceOf<number> | ChoiceOf<string>;

export type CreateField = TextField | NumberField | ChoiceField;
