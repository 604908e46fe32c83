import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as path from 'node:path';
import { pathToFileURL } from 'node:url';

const CLIENT_DIR = path.resolve('test/clients/boxlite');

interface Output {
  next(): Promise<string | null>;
}

export interface ClientExecution {
  stdin(): Promise<{ writeString(text: string): Promise<void>; close(): Promise<void> }>;
  stdout(): Promise<Output>;
  stderr(): Promise<Output>;
  wait(): Promise<{ readonly exitCode: number }>;
  signal(number: number): Promise<void>;
  resizeTty(rows: number, columns: number): Promise<void>;
}

export interface ClientBox {
  readonly id: string;
  exec(
    command: string,
    args?: string[] | null,
    env?: [string, string][] | null,
    tty?: boolean | null,
  ): Promise<ClientExecution>;
  start(): Promise<void>;
  stop(): Promise<void>;
  copyIn(hostPath: string, boxPath: string): Promise<void>;
  copyOut(boxPath: string, hostPath: string): Promise<void>;
}

/** What the tests use of `JsBoxlite` of @boxlite-ai/boxlite. */
export interface BoxliteClient {
  create(options: { image?: string }, name?: string): Promise<ClientBox>;
  listInfo(): Promise<
    { readonly id: string; readonly name?: string; readonly state: { readonly status: string } }[]
  >;
  getInfo(idOrName: string): Promise<{ readonly state: { readonly running: boolean } } | null>;
  remove(idOrName: string, force: boolean): Promise<void>;
}

interface BoxlitePackage {
  readonly JsBoxlite: { rest(options: object): BoxliteClient };
  readonly BoxliteRestOptions: new (options: { url: string; credential: object }) => object;
  readonly ApiKeyCredential: new (key: string) => object;
}

/** The published client of BoxLite's own servers, installed on first use: it is too large for the main install. */
export async function boxliteClient(url: string, token: string): Promise<BoxliteClient> {
  const main = path.join(CLIENT_DIR, 'node_modules/@boxlite-ai/boxlite/dist/index.js');
  if (!existsSync(main)) install();
  const boxlite = (await import(pathToFileURL(main).href)) as BoxlitePackage;
  const credential = new boxlite.ApiKeyCredential(token);
  return boxlite.JsBoxlite.rest(new boxlite.BoxliteRestOptions({ url, credential }));
}

function install(): void {
  // Not `npm ci`: it insists on optional packages for other systems, which the registry does not have.
  const { status, stderr } = spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund'], {
    cwd: CLIENT_DIR,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`Cannot install the BoxLite client: ${stderr}`);
}
