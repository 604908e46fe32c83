import * as vscode from 'vscode';
import { printable } from '../base/errors';

const MAX_NAME_LENGTH = 80;

/** A name from a cloud, fit for a label, on one line and short. */
export function nameText(name: string): string {
  return printable(name, MAX_NAME_LENGTH) || vscode.l10n.t('(no name)');
}

/**
 * Text for a notification. VS Code turns `[label](command:id)` in those into links that run commands, so text that
 * came from elsewhere must not hold any.
 */
export function messageText(text: string): string {
  return printable(text).replaceAll('](', '] (');
}

/** Text for places that draw `$(name)` as an icon: quick picks and the status bar. */
export function withoutIcons(text: string): string {
  return text.replaceAll('$(', '$\u200b(');
}

/** When a running sandbox will be stopped, in words that follow its name; undefined once that time is over. */
export function timeLeftText(stopsAt: Date, now: number): string | undefined {
  const minutes = Math.ceil((stopsAt.getTime() - now) / 60_000);
  if (minutes <= 0) return undefined;
  if (minutes === 1) return vscode.l10n.t('stops within a minute');
  if (minutes < 120) return vscode.l10n.t('stops in {0} min', minutes);
  const hours = Math.round(minutes / 60);
  if (hours < 48) return vscode.l10n.t('stops in {0} h', hours);
  return vscode.l10n.t('stops in {0} days', Math.round(hours / 24));
}

// Made once: each takes a good part of a millisecond, and there are thousands of rows.
const timeFormat = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const dateTimeFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

export function timeText(time: Date): string {
  return timeFormat.format(time);
}

export function dateTimeText(time: Date): string {
  return dateTimeFormat.format(time);
}

/** The time, with its date unless that is today. */
export function sinceText(time: Date, now: number): string {
  const isToday = time.toDateString() === new Date(now).toDateString();
  return isToday ? timeText(time) : dateTimeText(time);
}
