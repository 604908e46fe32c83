import * as vscode from 'vscode';
import { describeError, printable } from '../base/errors';
import { isReadableOnTheWay, parseBaseUrl } from '../cloud/origin';
import { accountHost, type Account } from '../sandboxes/account';
import type { SignInRequest } from '../sandboxes/signIn';
import { withProgress } from './feedback';
import { messageText, nameText } from './text';

/** A kind of cloud that can be signed in to by base URL and token. */
export interface CloudKind {
  readonly kind: string;
  readonly title: string;
}

export interface AddCloudOptions {
  readonly kinds: readonly CloudKind[];
  /** What to propose as the address. */
  readonly baseUrl?: string;
  readonly signIn: (request: SignInRequest, signal: AbortSignal) => Promise<Account>;
}

/**
 * Asks for a cloud's address and token and signs in. Undefined if the person gives up; rejects with the CloudError
 * of a sign-in that failed, and then nothing is kept.
 */
export async function addCloud(options: AddCloudOptions): Promise<Account | undefined> {
  const kind = await askKind(options.kinds);
  const baseUrl = kind && (await askBaseUrl(kind, options.baseUrl));
  if (!baseUrl || !(await acceptsRisk(parseBaseUrl(baseUrl)))) return undefined;
  const token = await askToken(baseUrl);
  if (!token) return undefined;
  return withProgress(vscode.l10n.t('Signing in to {0}', baseUrl), ({ signal }) =>
    options.signIn({ provider: kind.kind, baseUrl, token }, signal),
  );
}

async function askKind(kinds: readonly CloudKind[]): Promise<CloudKind | undefined> {
  if (kinds.length <= 1) return kinds[0];
  const items = kinds.map((kind) => ({ label: kind.title, cloud: kind }));
  return (await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('Which kind of cloud?') }))
    ?.cloud;
}

async function askBaseUrl(kind: CloudKind, value = ''): Promise<string | undefined> {
  return vscode.window.showInputBox({
    title: vscode.l10n.t('Add Cloud: {0} (1/2)', kind.title),
    prompt: vscode.l10n.t('Address of the cloud’s API'),
    placeHolder: 'https://cloud.example.com',
    value,
    ignoreFocusOut: true,
    validateInput: (value) => (value === '' ? undefined : baseUrlMistake(value)),
  });
}

/** Asks before anything is sent: without TLS the token, and all that it opens, is anyone's on the way. */
async function acceptsRisk(url: URL): Promise<boolean> {
  if (!isReadableOnTheWay(url)) return true;
  const message = messageText(vscode.l10n.t('Send the token to {0} without encryption?', url.host));
  const detail = vscode.l10n.t(
    'The address begins with http://. Anyone on the way to that computer can read the token and what you do in its sandboxes, and change it. Use https:// if the cloud offers it.',
  );
  const confirm = vscode.l10n.t('Send Unencrypted');
  return (await vscode.window.showWarningMessage(message, { modal: true, detail }, confirm)) === confirm;
}

/** Asks for a token of an account whose cloud refuses the old one. Undefined if the person gives up. */
export async function askNewToken(account: Account): Promise<string | undefined> {
  const user = nameText(account.label);
  const host = printable(accountHost(account), 200);
  if (!(await acceptsRisk(parseBaseUrl(account.baseUrl)))) return undefined;
  return vscode.window.showInputBox({
    title: vscode.l10n.t('Sign In Again: {0}', host),
    prompt: vscode.l10n.t('New access token of {0}. It is kept in this computer’s secret storage.', user),
    password: true,
    ignoreFocusOut: true,
  });
}

async function askToken(baseUrl: string): Promise<string | undefined> {
  return vscode.window.showInputBox({
    title: vscode.l10n.t('Add Cloud (2/2)'),
    prompt: vscode.l10n.t('Access token for {0}. It is kept in this computer’s secret storage.', baseUrl),
    password: true,
    ignoreFocusOut: true,
  });
}

function baseUrlMistake(value: string): string | undefined {
  try {
    parseBaseUrl(value);
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}
