/** Asks a person for the secret that opens a cloud, in one of the ways that the cloud has. */
import * as vscode from 'vscode';
import type { DeviceCode, DeviceFlow } from '../cloud/deviceFlow';
import type { SignIn, SignInMethod, TokenMethod } from '../cloud/provider';
import { withProgress } from './feedback';
import { joined } from './presentation';
import { messageText } from './text';

export interface CredentialRequest {
  readonly title: string;
  /** Where the secret goes, fit to show. */
  readonly cloud: string;
  readonly baseUrl: string;
  readonly methods: SignIn['methods'];
  readonly byDevice: TokenByDevice;
}

/** Gets a token for whoever confirms a code in a browser. */
export type TokenByDevice = (
  request: {
    readonly baseUrl: string;
    readonly flow: DeviceFlow;
    readonly onCode: (code: DeviceCode) => void;
  },
  signal: AbortSignal,
) => Promise<string>;

/** The token, which is empty for a server that asks for none. Undefined if the person gives up. */
export async function askForToken(request: CredentialRequest): Promise<string | undefined> {
  const method = await askForMethod(request);
  if (method?.kind === 'deviceFlow') return confirmInBrowser(request, method.flow);
  return method && askForSecret(request, method);
}

async function askForMethod({ title, methods }: CredentialRequest): Promise<SignInMethod | undefined> {
  if (methods.length === 1) return methods[0];
  const items = methods.map((method) => ({ label: methodLabel(method), method }));
  const placeHolder = vscode.l10n.t('How do you want to sign in?');
  return (await vscode.window.showQuickPick(items, { title, placeHolder, ignoreFocusOut: true }))?.method;
}

function methodLabel(method: SignInMethod): string {
  if (method.kind === 'deviceFlow') return `$(globe) ${vscode.l10n.t('Sign In with the Browser')}`;
  switch (method.name) {
    case 'accessToken':
      return `$(key) ${vscode.l10n.t('Type an Access Token')}`;
    case 'apiKey':
      return `$(key) ${vscode.l10n.t('Type an API Key')}`;
    case 'sessionKey':
      return `$(key) ${vscode.l10n.t('Type a Session Key')}`;
  }
}

async function askForSecret(request: CredentialRequest, method: TokenMethod): Promise<string | undefined> {
  const { title, baseUrl } = request;
  const prompt = joined(
    [
      secretPrompt(method, request.cloud),
      method.page && vscode.l10n.t('You get one at {0}.', baseUrl + method.page),
      method.isOptional && vscode.l10n.t('Leave it empty if the server asks for none.'),
    ],
    ' ',
  );
  const typed = await vscode.window.showInputBox({
    title,
    // The editor makes links of some of its text, and an account's name is the cloud's.
    prompt: messageText(prompt),
    password: true,
    ignoreFocusOut: true,
  });
  return typed === '' && !method.isOptional ? undefined : typed;
}

function secretPrompt({ name }: TokenMethod, cloud: string): string {
  switch (name) {
    case 'accessToken':
      return vscode.l10n.t('Access token for {0}. It is kept in this computer’s secret storage.', cloud);
    case 'apiKey':
      return vscode.l10n.t('API key for {0}. It is kept in this computer’s secret storage.', cloud);
    case 'sessionKey':
      return vscode.l10n.t('Session key for {0}. It is kept in this computer’s secret storage.', cloud);
  }
}

function confirmInBrowser(
  { cloud, baseUrl, byDevice }: CredentialRequest,
  flow: DeviceFlow,
): Promise<string> {
  return withProgress(vscode.l10n.t('Signing in to {0}', cloud), ({ signal, report }) =>
    byDevice({ baseUrl, flow, onCode: (code) => void showCode(code, report) }, signal),
  );
}

/** The code stays on the screen: the person compares it with the one in the browser. */
async function showCode({ userCode, page }: DeviceCode, report: (step: string) => void): Promise<void> {
  report(vscode.l10n.t('confirm the code {0} in the browser; it is on the clipboard', userCode));
  const [, opening] = await Promise.allSettled([
    vscode.env.clipboard.writeText(userCode),
    vscode.env.openExternal(vscode.Uri.parse(page, true)),
  ]);
  const isOpen = opening.status === 'fulfilled' && opening.value;
  if (!isOpen) report(vscode.l10n.t('open {0} and confirm the code {1}', page, userCode));
}
