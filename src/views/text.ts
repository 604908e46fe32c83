import { printable } from '../base/errors';

const maxNameLength = 80;

/** A name from a cloud, fit for a label, on one line and short. */
export function nameText(name: string): string {
  return printable(name, maxNameLength) || '(no name)';
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
