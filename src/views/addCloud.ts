import * as vscode from 'vscode';
import { describeError } from '../base/errors';
import { parseBaseUrl, type Account } from '../sandboxes/account';
import type { SignInRequest } from '../sandboxes/signIn';
import { withProgress } from './feedback';

/** A kind of cloud that can be signed in to by base URL and token. */
export interface CloudKind {
  readonly kind: string;
  readonly title: string;
}

export interface AddCloudOptions {
  readonly kinds: readonly CloudKind[];
  readonly signIn: (request: SignInRequest, signal: AbortSignal) => Promise<Account>;
}

/**
 * Asks for a cloud's address and token and signs in. Undefined if the person gives up; rejects with the CloudError
 * of a sign-in that failed, and then nothing is kept.
 */
export async function addCloud(options: AddCloudOptions): Promise<Account | undefined> {
  const kind = await askKind(options.kinds);
  const baseUrl = kind && (await askBaseUrl(kind));
  const token = baseUrl && (await askToken(baseUrl));
  if (!token) return undefined;
  return withProgress(`Signing in to ${baseUrl}`, ({ signal }) =>
    options.signIn({ provider: kind.kind, baseUrl, token }, signal),
  );
}

async function askKind(kinds: readonly CloudKind[]): Promise<CloudKind | undefined> {
  if (kinds.length <= 1) return kinds[0];
  const items = kinds.map((kind) => ({ label: kind.title, cloud: kind }));
  return (await vscode.window.showQuickPick(items, { placeHolder: 'Which kind of cloud?' }))?.cloud;
}

async function askBaseUrl(kind: CloudKind): Promise<string | undefined> {
  return vscode.window.showInputBox({
    title: `Add Cloud: ${kind.title} (1/2)`,
    prompt: 'Address of the cloud’s API',
    placeHolder: 'https://cloud.example.com',
    ignoreFocusOut: true,
    validateInput: (value) => (value === '' ? undefined : baseUrlMistake(value)),
  });
}

async function askToken(baseUrl: string): Promise<string | undefined> {
  return vscode.window.showInputBox({
    title: 'Add Cloud (2/2)',
    prompt: `Access token for ${baseUrl}. It is kept in this computer’s secret storage.`,
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
