import * as vscode from 'vscode';
import { printable } from '../base/errors';
import type { CreateField, CreateOptions } from '../cloud/createFields';
import {
  currentText,
  fieldIcon,
  fieldPrompt,
  fieldTitle,
  mistakeIn,
  proposals,
  summary,
  valueText,
  withTyped,
  withValue,
  type FieldValue,
} from './createForm';
import { askStep } from './quickInput';
import { withoutIcons } from './text';

/**
 * Asks what a new sandbox should be like: its name, then everything else on one page where nothing has to be chosen.
 * So Enter, Enter makes one. Undefined if the person gives up; rejects as the loading of the fields does.
 * @param cloud name of the cloud, fit to show
 */
export async function askCreateOptions(
  cloud: string,
  loading: Promise<readonly CreateField[]>,
): Promise<CreateOptions | undefined> {
  const title = vscode.l10n.t('Create Sandbox: {0}', cloud);
  const fields = await untilLoaded(title, loading);
  return fields && new CreateWizard(title, fields).run();
}

/** Where the person goes from a page; undefined is away. */
type Move = 'next' | 'back' | undefined;

interface PageFrame {
  readonly title: string;
  readonly step?: number;
  readonly totalSteps?: number;
}

/** Keeps what was chosen, however the person goes back and forth. */
class CreateWizard {
  readonly #title: string;
  readonly #fields: readonly CreateField[];
  #options: CreateOptions = {};

  constructor(title: string, fields: readonly CreateField[]) {
    this.#title = title;
    this.#fields = fields;
  }

  async run(): Promise<CreateOptions | undefined> {
    const name = this.#fields.find(({ key }) => key === 'name');
    const others = this.#fields.filter((field) => field !== name);
    const pages = [
      ...(name ? [(frame: PageFrame) => this.#typed(name, frame)] : []),
      ...(others.length > 0 ? [(frame: PageFrame) => this.#settings(others, frame)] : []),
    ];
    let index = 0;
    for (let page = pages[0]; page; page = pages[index]) {
      const move = await page({ title: this.#title, step: index + 1, totalSteps: pages.length });
      if (move === undefined) return undefined;
      index += move === 'next' ? 1 : -1;
    }
    return this.#options;
  }

  /** Every setting with what it comes to, and above them the way on. Left when that is taken. */
  async #settings(fields: readonly CreateField[], frame: PageFrame): Promise<Move> {
    for (;;) {
      const answer = await askStep(settingsPick(fields, this.#options, frame), {
        canGoBack: frame.step !== 1,
        read: (pick) => pick.selectedItems[0],
      });
      if (answer === undefined || answer === 'back') return answer;
      const { field } = answer.value;
      if (!field) return 'next';
      if ((await this.#setting(field)) === undefined) return undefined;
    }
  }

  /** One setting: by a list where there are values to pick from, and by typing where those are not all. */
  async #setting(field: CreateField): Promise<Move> {
    const frame = { title: this.#title };
    const values = proposals(field);
    if (values.length === 0) return this.#typed(field, frame);
    const answer = await askStep(valuePick(field, values, this.#options, frame), {
      canGoBack: true,
      read: (pick) => pick.selectedItems[0],
    });
    if (answer === undefined || answer === 'back') return answer;
    const { isTyped, value } = answer.value;
    if (isTyped) return this.#typed(field, frame);
    this.#options = withValue(this.#options, field, value);
    return 'next';
  }

  async #typed(field: CreateField, frame: PageFrame): Promise<Move> {
    const answer = await askStep(typedInput(field, this.#options, frame), {
      canGoBack: frame.step !== 1,
      read: ({ value }) => (mistakeIn(field, value) === undefined ? value : undefined),
    });
    if (answer === undefined || answer === 'back') return answer;
    this.#options = withTyped(this.#options, field, answer.value);
    return 'next';
  }
}

/** Something is on the screen at once, however long the cloud takes to answer. */
async function untilLoaded(
  title: string,
  loading: Promise<readonly CreateField[]>,
): Promise<readonly CreateField[] | undefined> {
  const input = vscode.window.createInputBox();
  input.title = title;
  input.placeholder = vscode.l10n.t('Asking the cloud what can be chosen…');
  input.busy = true;
  input.enabled = false;
  input.ignoreFocusOut = true;
  const hidden = new Promise<undefined>((resolve) => input.onDidHide(() => resolve(undefined)));
  input.show();
  try {
    return await Promise.race([loading, hidden]);
  } finally {
    input.dispose();
  }
}

interface SettingItem extends vscode.QuickPickItem {
  readonly field?: CreateField;
}

function settingsPick(
  fields: readonly CreateField[],
  options: CreateOptions,
  frame: PageFrame,
): vscode.QuickPick<SettingItem> {
  const pick = vscode.window.createQuickPick<SettingItem>();
  Object.assign(pick, frame);
  pick.placeholder = vscode.l10n.t('Create it, or change a setting first');
  pick.matchOnDescription = true;
  pick.ignoreFocusOut = true;
  pick.items = [
    { label: `$(check) ${vscode.l10n.t('Create')}`, description: valueLabel(summary(fields, options)) },
    { label: vscode.l10n.t('Settings'), kind: vscode.QuickPickItemKind.Separator },
    ...fields.map((field) => ({
      label: `$(${fieldIcon(field.key)}) ${fieldTitle(field.key)}`,
      description: valueLabel(currentText(field, options)),
      field,
    })),
  ];
  return pick;
}

interface ValueItem extends vscode.QuickPickItem {
  /** Undefined leaves the setting open. */
  readonly value?: FieldValue;
  readonly isTyped?: boolean;
}

function valuePick(
  field: CreateField,
  values: readonly FieldValue[],
  options: CreateOptions,
  frame: PageFrame,
): vscode.QuickPick<ValueItem> {
  const pick = vscode.window.createQuickPick<ValueItem>();
  Object.assign(pick, frame);
  pick.placeholder = fieldPrompt(field.key);
  pick.ignoreFocusOut = true;
  const open: ValueItem = { label: vscode.l10n.t('As the cloud chooses') };
  const typed: ValueItem = { label: `$(edit) ${vscode.l10n.t('Another…')}`, isTyped: true };
  pick.items = [
    ...(field.default === undefined ? [open] : []),
    ...values.map((value) => ({
      label: valueLabel(valueText(field.key, value)),
      value,
      ...(value === field.default && { description: vscode.l10n.t('default') }),
    })),
    ...(field.kind === 'choice' ? [] : [typed]),
  ];
  const current = pick.items.find(({ value }) => value === (options[field.key] ?? field.default));
  if (current) pick.activeItems = [current];
  return pick;
}

/** A cloud's own words, such as the name of an image, fit for a quick pick. */
function valueLabel(text: string): string {
  return withoutIcons(printable(text));
}

function typedInput(field: CreateField, options: CreateOptions, frame: PageFrame): vscode.InputBox {
  const input = vscode.window.createInputBox();
  Object.assign(input, frame);
  input.prompt = fieldPrompt(field.key);
  input.value = String(options[field.key] ?? '');
  input.ignoreFocusOut = true;
  input.onDidChangeValue((text) => {
    input.validationMessage = mistakeIn(field, text);
  });
  return input;
}
