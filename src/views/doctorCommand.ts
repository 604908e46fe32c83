import * as os from 'node:os';
import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { Logger } from '../base/logger';
import type { Doctor } from '../remote/doctor/doctor';
import { examine } from '../remote/doctor/examination';
import { redact } from '../remote/doctor/redaction';
import type { SandboxRef } from '../sandboxes/sandboxList';
import { renderReport, summary } from './doctorReport';
import { checkTitle } from './doctorText';
import { commandStep, offerSteps, showError, withProgress } from './feedback';
import type { SandboxItem } from './pickItems';
import type { SandboxPicker } from './sandboxPicker';
import type { CommandTarget } from './sandboxTree';
import { nameText } from './text';

export interface DoctorCommandOptions {
  readonly doctor: Doctor;
  readonly picker: SandboxPicker;
  readonly extensionVersion: string;
  readonly log: Logger;
}

const scheme = 'cloud-sandboxes-report';

/** Examines the way into a sandbox and shows what was found as a document that can be copied. */
export class DoctorCommand implements Disposable {
  readonly #options: DoctorCommandOptions;
  readonly #owned = new DisposableStore();
  readonly #reportChanged = this.#owned.add(new vscode.EventEmitter<vscode.Uri>());
  /** The latest one. */
  #report = '';

  constructor(options: DoctorCommandOptions) {
    this.#options = options;
    this.#owned.add(
      vscode.workspace.registerTextDocumentContentProvider(scheme, {
        onDidChange: this.#reportChanged.event,
        provideTextDocumentContent: () => this.#report,
      }),
    );
  }

  async diagnose(target?: CommandTarget): Promise<void> {
    if (target?.kind === 'sandbox') return this.#diagnose(target.ref);
    const general: SandboxItem = {
      label: `$(device-desktop) ${vscode.l10n.t('No sandbox')}`,
      description: vscode.l10n.t('this computer and its clouds'),
      alwaysShow: true,
      run: () => this.#diagnose(undefined),
    };
    const placeholder = vscode.l10n.t('Diagnose the connection to which sandbox?');
    const picked = await this.#options.picker.pick({ placeholder, others: [general] });
    if (picked) await this.#diagnose(picked.ref);
  }

  dispose(): void {
    this.#owned.dispose();
  }

  /** @param ref whose connection; undefined: what all sandboxes share */
  async #diagnose(ref: SandboxRef | undefined): Promise<void> {
    try {
      await this.#examine(ref);
    } catch (error) {
      const what = ref
        ? vscode.l10n.t('Cannot diagnose the connection to “{0}”', nameText(ref.sandbox.name))
        : vscode.l10n.t('Cannot diagnose this computer and its clouds');
      const retry = (): Promise<void> => this.#diagnose(ref);
      await showError(what, error, this.#options.log, { retry });
    }
  }

  async #examine(ref: SandboxRef | undefined): Promise<void> {
    const { doctor, log } = this.#options;
    const title = ref
      ? vscode.l10n.t('Diagnosing the connection to “{0}”', nameText(ref.sandbox.name))
      : vscode.l10n.t('Diagnosing this computer and its clouds');
    const sections = await withProgress(title, ({ signal, report }) =>
      examine(doctor.sections(ref), { signal, onCheck: (name) => report(checkTitle(name)) }),
    );
    const hidden = { secrets: await doctor.secrets(), home: os.homedir() };
    this.#report = redact(renderReport(sections, this.#context()), hidden);
    log.info(this.#report);
    await this.#show();
    const failed = sections.some(({ findings }) =>
      findings.some(({ finding }) => finding.outcome === 'failed'),
    );
    const show = failed ? vscode.window.showWarningMessage : vscode.window.showInformationMessage;
    // Does not hold up the command: the message stays until the person deals with it.
    void offerSteps(show, redact(summary(sections), hidden), [
      {
        title: vscode.l10n.t('Copy Report'),
        run: () => vscode.env.clipboard.writeText(this.#report),
      },
      commandStep(vscode.l10n.t('Show Log'), 'showLog'),
    ]);
  }

  async #show(): Promise<void> {
    const uri = vscode.Uri.from({ scheme, path: `/${vscode.l10n.t('Diagnosis of the Connection')}.txt` });
    this.#reportChanged.fire(uri);
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, { preview: true });
  }

  #context(): Parameters<typeof renderReport>[1] {
    return {
      extensionVersion: this.#options.extensionVersion,
      editor: `${vscode.env.appName} ${vscode.version}`,
      system: `${os.type()} ${os.release()} ${os.arch()}, Node ${process.versions.node}`,
      date: new Date(),
    };
  }
}
