import * as vscode from 'vscode';
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
import { askStep, type StepAnswer } from './quickInput';
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
  if (!fields) return undefined;
  const name = fields.find(({ key }) => key === 'name');
  const others = fields.filter((field) => field !== name);
  const pages = [
    ...(name ? [{ ask: namePage, fields: [name] }] : []),
    ...(others.length > 0 ? [{ ask: settingsPage, fields: others }] : []),
  ];
  let options: CreateOptions = {};
  let step = 0;
  for (let page = pages[0]; page; page = pages[step]) {
    const answer = await page.ask(page.fields, options, { title, step: step + 1, totalSteps: pages.length });
    if (answer === undefined) return undefined;
    if (answer !== 'back') options = answer.value;
    step += answer === 'back' ? -1 : 1;
  }
  return options;
}

interface PageFrame {
  readonly title: string;
  readonly step: number;
  readonly totalSteps: number;
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
  const hidden = new Promise<undefined>((resolve) => input.onDidHide(() => resolve(undefined)));
  input.show();
  try {
    return await Promise.race([loading, hidden]);
  } finally {
    input.dispose();
  }
}

async function namePage(
  [field]: readonly CreateField[],
  options: CreateOptions,
  frame: PageFrame,
): Promise<StepAnswer<CreateOptions>> {
  return field && typedPage(field, options, frame);
}

interface SettingItem extends vscode.QuickPickItem {
  readonly field?: CreateField;
}

/** Every setting with what it comes to, and above them the way on. Ends when that is taken. */
async function settingsPage(
  fields: readonly CreateField[],
  before: CreateOptions,
  frame: PageFrame,
): Promise<StepAnswer<CreateOptions>> {
  let options = before;
  for (;;) {
    const answer = await askStep(settingsPick(fields, options, frame), {
      canGoBack: frame.step > 1,
      read: (pick) => pick.selectedItems[0],
    });
    if (answer === undefined || answer === 'back') return answer;
    const { field } = answer.value;
    if (!field) return { value: options };
    const changed = await settingPage(field, options, frame.title);
    if (changed === undefined) return undefined;
    if (changed !== 'back') options = changed.value;
  }
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
    { label: `$(check) ${vscode.l10n.t('Create')}`, description: withoutIcons(summary(fields, options)) },
    { label: vscode.l10n.t('Settings'), kind: vscode.QuickPickItemKind.Separator },
    ...fields.map((field) => ({
      label: `$(${fieldIcon(field.key)}) ${fieldTitle(field.key)}`,
      description: withoutIcons(currentText(field, options)),
      field,
    })),
  ];
  return pick;
}

/** One setting: by a list where there are values to pick from, and by typing where those are not all. */
async function settingPage(
  field: CreateField,
  options: CreateOptions,
  title: string,
): Promise<StepAnswer<CreateOptions>> {
  const values = proposals(field);
  if (values.length === 0) return typedPage(field, options, { title });
  const answer = await askStep(valuePick(field, values, options, title), {
    canGoBack: true,
    read: (pick) => pick.selectedItems[0],
  });
  if (answer === undefined || answer === 'back') return answer;
  if (answer.value.isTyped) return typedPage(field, options, { title });
  return { value: withValue(options, field, answer.value.value) };
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
  title: string,
): vscode.QuickPick<ValueItem> {
  const pick = vscode.window.createQuickPick<ValueItem>();
  pick.title = title;
  pick.placeholder = fieldPrompt(field.key);
  pick.ignoreFocusOut = true;
  const open: ValueItem = { label: vscode.l10n.t('As the cloud chooses') };
  const typed: ValueItem = { label: `$(edit) ${vscode.l10n.t('Another…')}`, isTyped: true };
  pick.items = [
    ...(field.default === undefined ? [open] : []),
    ...values.map((value) => ({
      label: valueText(field.key, value),
      value,
      ...(value === field.default && { description: vscode.l10n.t('default') }),
    })),
    ...(field.kind === 'choice' ? [] : [typed]),
  ];
  const current = pick.items.find(({ value }) => value === (options[field.key] ?? field.default));
  if (current) pick.activeItems = [current];
  return pick;
}

async function typedPage(
  field: CreateField,
  options: CreateOptions,
  frame: Partial<PageFrame>,
): Promise<StepAnswer<CreateOptions>> {
  const input = vscode.window.createInputBox();
  Object.assign(input, frame);
  input.prompt = fieldPrompt(field.key);
  input.value = String(options[field.key] ?? '');
  input.ignoreFocusOut = true;
  input.onDidChangeValue((text) => {
    input.validationMessage = mistakeIn(field, text);
  });
  return askStep(input, {
    canGoBack: frame.step === undefined || frame.step > 1,
    read: ({ value }) =>
      mistakeIn(field, value) === undefined ? withTyped(options, field, value) : undefined,
  });
}
