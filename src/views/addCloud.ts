import * as vscode from 'vscode';
import { describeError, printable } from '../base/errors';
import { isReadableOnTheWay, parseBaseUrl } from '../cloud/origin';
import type { Provider, SignIn } from '../cloud/provider';
import { accountHost, type Account } from '../sandboxes/account';
import type { SignInRequest } from '../sandboxes/signIn';
import { askForToken, type TokenByDevice } from './credentials';
import { withProgress } from './feedback';
import { messageText, nameText } from './text';

/** A kind of cloud that can be signed in to. */
export type CloudKind = Pick<Provider, 'kind' | 'title' | 'signIn'>;

export interface AddCloudOptions {
  readonly kinds: readonly CloudKind[];
  /** What to propose as the address. */
  readonly baseUrl?: string;
  readonly byDevice: TokenByDevice;
  readonly signIn: (request: SignInRequest, signal: AbortSignal) => Promise<Account>;
}

/**
 * Asks for a cloud's address and for what opens it, and signs in. Undefined if the person gives up; rejects with the
 * CloudError or DeviceFlowError of a sign-in that failed, and then nothing is kept.
 */
export async function addCloud(options: AddCloudOptions): Promise<Account | undefined> {
  const kind = await askKind(options.kinds);
  const baseUrl = kind && (await askBaseUrl(kind, options.baseUrl ?? kind.signIn.baseUrl));
  if (!baseUrl || !(await acceptsRisk(parseBaseUrl(baseUrl)))) return undefined;
  const token = await askForToken({
    title: vscode.l10n.t('Add Cloud: {0} (2/2)', kind.title),
    cloud: baseUrl,
    baseUrl: withoutSlashes(baseUrl),
    methods: kind.signIn.methods,
    byDevice: options.byDevice,
  });
  if (token === undefined) return undefined;
  return withProgress(vscode.l10n.t('Signing in to {0}', baseUrl), ({ signal }) =>
    options.signIn({ provider: kind.kind, baseUrl, token }, signal),
  );
}

async function askKind(kinds: readonly CloudKind[]): Promise<CloudKind | undefined> {
  if (kinds.length <= 1) return kinds[0];
  const items = kinds.map((kind) => ({
    label: kind.title,
    ...(kind.signIn.baseUrl !== undefined && { description: new URL(kind.signIn.baseUrl).host }),
    cloud: kind,
  }));
  const options = { title: vscode.l10n.t('Add Cloud'), placeHolder: vscode.l10n.t('Which kind of cloud?') };
  return (await vscode.window.showQuickPick(items, options))?.cloud;
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

/** Asks for what opens the cloud of an account that it refuses. Undefined if the person gives up. */
export async function askNewToken(
  account: Account,
  methods: SignIn['methods'],
  byDevice: TokenByDevice,
): Promise<string | undefined> {
  const { baseUrl } = account;
  const host = printable(accountHost(account), 200);
  if (!(await acceptsRisk(parseBaseUrl(baseUrl)))) return undefined;
  return askForToken({
    title: vscode.l10n.t('Sign In Again: {0}', host),
    cloud: vscode.l10n.t('{0} at {1}', nameText(account.label), host),
    baseUrl,
    methods,
    byDevice,
  });
}

function withoutSlashes(baseUrl: string): string {
  return baseUrl.replace(/\/+$/, '');
}

function baseUrlMistake(value: string): string | undefined {
  try {
    parseBaseUrl(value);
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}
