/** The texts and rules of the form for a new sandbox, whatever its cloud lets one choose. */
import * as vscode from 'vscode';
import type { CreateField, CreateOptions, NumberField } from '../cloud/createFields';
import { joined } from './presentation';

export type FieldKey = CreateField['key'];
export type FieldValue = string | number;

interface FieldText {
  readonly icon: string;
  readonly title: () => string;
  readonly prompt: () => string;
}

const texts: Readonly<Record<FieldKey, FieldText>> = {
  name: {
    icon: 'tag',
    title: () => vscode.l10n.t('Name'),
    prompt: () => vscode.l10n.t('Name of the sandbox; leave it empty and the cloud chooses one'),
  },
  image: {
    icon: 'package',
    title: () => vscode.l10n.t('Image'),
    prompt: () => vscode.l10n.t('Image that the sandbox is made from'),
  },
  cpus: {
    icon: 'chip',
    title: () => vscode.l10n.t('Processors'),
    prompt: () => vscode.l10n.t('Number of processors'),
  },
  memoryMib: {
    icon: 'server',
    title: () => vscode.l10n.t('Memory'),
    prompt: () => vscode.l10n.t('Memory in MiB'),
  },
  idleStopSeconds: {
    icon: 'watch',
    title: () => vscode.l10n.t('Stop When Idle'),
    prompt: () => vscode.l10n.t('After how long without use the cloud stops it'),
  },
};

export function fieldIcon(key: FieldKey): string {
  return texts[key].icon;
}

export function fieldTitle(key: FieldKey): string {
  return texts[key].title();
}

export function fieldPrompt(key: FieldKey): string {
  return texts[key].prompt();
}

export function valueText(key: FieldKey, value: FieldValue): string {
  if (typeof value === 'string') return value;
  switch (key) {
    case 'memoryMib':
      return value % 1024 === 0 ? vscode.l10n.t('{0} GiB', value / 1024) : vscode.l10n.t('{0} MiB', value);
    case 'idleStopSeconds':
      return idleText(value);
    case 'cpus':
    case 'name':
    case 'image':
      return String(value);
  }
}

function idleText(seconds: number): string {
  if (seconds === 0) return vscode.l10n.t('never');
  if (seconds % 3600 === 0) return vscode.l10n.t('after {0} h', seconds / 3600);
  return vscode.l10n.t('after {0} min', Math.round(seconds / 60));
}

/** What a field comes to as it stands. */
export function currentText(field: CreateField, options: CreateOptions): string {
  const value = options[field.key];
  if (value !== undefined) return valueText(field.key, value);
  if (field.default === undefined) return vscode.l10n.t('the cloud chooses');
  return vscode.l10n.t('{0} (default)', valueText(field.key, field.default));
}

/** What was chosen, on one line. */
export function summary(fields: readonly CreateField[], options: CreateOptions): string {
  const chosen = fields
    .filter(({ key }) => options[key] !== undefined)
    .map((field) => `${fieldTitle(field.key)}: ${currentText(field, options)}`);
  return joined(chosen, ' · ') || vscode.l10n.t('as the cloud chooses');
}

/** The values to pick from; the others are typed. */
export function proposals(field: CreateField): readonly FieldValue[] {
  const values: readonly FieldValue[] = field.kind === 'choice' ? field.choices : (field.suggestions ?? []);
  const { default: usual } = field;
  return usual === undefined || values.includes(usual) ? values : [usual, ...values];
}

/** Why a typed text cannot be the field's value; undefined if it can. An empty one leaves it open. */
export function mistakeIn(field: CreateField, text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed === '' || field.kind === 'choice') return undefined;
  if (field.kind === 'number') return isInRange(field, trimmed) ? undefined : rangeText(field);
  return trimmed.length <= field.maxLength
    ? undefined
    : vscode.l10n.t('Type at most {0} characters', field.maxLength);
}

/** The options with what was typed for a field, which has no mistake. */
export function withTyped(options: CreateOptions, field: CreateField, text: string): CreateOptions {
  const trimmed = text.trim();
  if (trimmed === '') return withValue(options, field, undefined);
  return withValue(options, field, field.kind === 'number' ? Number(trimmed) : trimmed);
}

/** Undefined leaves the field open. */
export function withValue(
  options: CreateOptions,
  { key }: CreateField,
  value: FieldValue | undefined,
): CreateOptions {
  const others = Object.fromEntries(Object.entries(options).filter(([other]) => other !== key));
  return value === undefined ? others : { ...others, [key]: value };
}

function isInRange({ min, max }: NumberField, text: string): boolean {
  return /^\d{1,15}$/.test(text) && Number(text) >= min && Number(text) <= max;
}

function rangeText({ min, max }: NumberField): string {
  return vscode.l10n.t('Type a whole number from {0} to {1}', min, max);
}
