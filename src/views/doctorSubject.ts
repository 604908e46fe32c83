import * as vscode from 'vscode';
import { createDeferred } from '../base/async';
import { DisposableStore } from '../base/disposable';
import type { SandboxList, SandboxRef } from '../sandboxes/sandboxList';
import { sandboxRow, statusIcon } from './presentation';
import { withoutIcons } from './text';

/** What to diagnose: the way into a sandbox, or without one what all sandboxes share. */
export interface DoctorSubject {
  readonly ref?: SandboxRef;
}

type SubjectItem = vscode.QuickPickItem & { readonly subject: DoctorSubject };

/** Lets the person choose; undefined if they do not. Answers of clouds appear as they come: some may never. */
export async function chooseSubject(
  list: Pick<SandboxList, 'accounts' | 'isPlaceholder' | 'onDidChange' | 'refresh'>,
): Promise<DoctorSubject | undefined> {
  const owned = new DisposableStore();
  const pick = owned.add(vscode.window.createQuickPick<SubjectItem>());
  const chosen = createDeferred<DoctorSubject | undefined>();
  const update = (): void => void (pick.items = [...sandboxItems(list), generalItem()]);
  pick.placeholder = vscode.l10n.t('Diagnose the connection to which sandbox?');
  pick.matchOnDescription = true;
  pick.keepScrollPosition = true;
  owned.add(pick.onDidAccept(() => chosen.resolve(pick.selectedItems[0]?.subject)));
  owned.add(pick.onDidHide(() => chosen.resolve(undefined)));
  owned.add(list.onDidChange(update));
  update();
  pick.show();
  void list.refresh();
  try {
    return await chosen.promise;
  } finally {
    owned.dispose();
  }
}

function sandboxItems(list: Parameters<typeof chooseSubject>[0]): SubjectItem[] {
  return list.accounts.flatMap(({ account, sandboxes }) =>
    sandboxes
      .filter((sandbox) => !list.isPlaceholder(sandbox))
      .map((sandbox): SubjectItem => {
        const { label, description } = sandboxRow(sandbox);
        return {
          label: `$(${statusIcon(sandbox.status).id}) ${withoutIcons(label)}`,
          description: withoutIcons(description),
          subject: { ref: { account, sandbox } },
        };
      }),
  );
}

function generalItem(): SubjectItem {
  return {
    label: `$(device-desktop) ${vscode.l10n.t('No sandbox')}`,
    description: vscode.l10n.t('this computer and its clouds'),
    alwaysShow: true,
    subject: {},
  };
}
