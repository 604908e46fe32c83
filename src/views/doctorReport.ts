import * as vscode from 'vscode';
import { printable } from '../base/errors';
import type { ExaminedCheck, ExaminedSection } from '../remote/doctor/examination';
import { checkTitle, findingText, outcomeWord } from './doctorText';

/** What a report says of where it was made. */
export interface ReportContext {
  readonly extensionVersion: string;
  /** Name and version. */
  readonly editor: string;
  readonly system: string;
  readonly date: Date;
}

const MAX_DETAIL_LINES = 20;

/** The report as plain text: it is read in the editor, and pasted where nothing else would keep its form. */
export function renderReport(sections: readonly ExaminedSection[], context: ReportContext): string {
  const { extensionVersion, editor, system, date } = context;
  return [
    vscode.l10n.t('Cloud Sandboxes: diagnosis'),
    `${date.toISOString()} · Cloud Sandboxes ${extensionVersion} · ${editor} · ${system}`,
    summary(sections),
    ...sections.flatMap((section) => ['', sectionTitle(section), ...section.findings.flatMap(checkLines)]),
    '',
  ].join('\n');
}

/** One line on the whole. */
export function summary(sections: readonly ExaminedSection[]): string {
  const all = sections.flatMap(({ findings }) => findings);
  const withOutcome = (outcome: string): ExaminedCheck[] =>
    all.filter(({ finding }) => finding.outcome === outcome);
  const [first, ...more] = withOutcome('failed');
  if (first) {
    const what = `${checkTitle(first.name)}: ${findingText(first.finding).says}`;
    return more.length === 0
      ? vscode.l10n.t('1 problem. {0}', what)
      : vscode.l10n.t('{0} problems. The first: {1}', more.length + 1, what);
  }
  if (all.some(({ finding }) => finding.result === 'cancelled')) return vscode.l10n.t('Cancelled.');
  const warnings = withOutcome('warning').length;
  if (warnings === 0) return vscode.l10n.t('Everything works.');
  return warnings === 1
    ? vscode.l10n.t('Everything works; there is 1 warning.')
    : vscode.l10n.t('Everything works; there are {0} warnings.', warnings);
}

function sectionTitle({ subject, title }: ExaminedSection): string {
  const name = printable(title ?? '', 200);
  switch (subject) {
    case 'computer':
      return vscode.l10n.t('This computer');
    case 'cloud':
      return vscode.l10n.t('Cloud {0}', name);
    case 'sandbox':
      return vscode.l10n.t('Sandbox “{0}”', name);
  }
}

function checkLines({ name, finding }: ExaminedCheck): string[] {
  const { says, advice } = findingText(finding);
  const details = (finding.details ?? []).slice(0, MAX_DETAIL_LINES).map((line) => printable(line));
  return [
    `  [${outcomeWord(finding.outcome)}] ${checkTitle(name)}: ${says}`,
    ...(advice ? [`      ${vscode.l10n.t('What to do: {0}', advice)}`] : []),
    ...details.map((line) => `      | ${line}`),
  ];
}
