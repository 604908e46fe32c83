import * as vscode from 'vscode';
import { createDeferred } from '../base/async';
import { DisposableStore } from '../base/disposable';
import type { SandboxList, SandboxRef } from '../sandboxes/sandboxList';
import { lookSame, sandboxItems, type SandboxItem, type SandboxItemsOptions } from './pickItems';
import type { SandboxWindow } from './sandboxWindow';

export interface SandboxPickOptions extends Omit<SandboxItemsOptions, 'here'> {
  readonly placeholder: string;
  /** True: the sandbox that this window is open in is hardly the answer. */
  readonly isElsewhere?: boolean;
}

export interface PickedSandbox {
  readonly ref: SandboxRef;
  /** Of the button that was pressed; undefined if the sandbox itself was. */
  readonly button?: string;
}

interface PickedItem {
  readonly item: SandboxItem;
  readonly button?: vscode.QuickInputButton;
}

/** Asks which sandbox. */
export class SandboxPicker {
  readonly #list: SandboxList;
  readonly #window: Pick<SandboxWindow, 'sandbox'>;

  constructor(list: SandboxList, window: Pick<SandboxWindow, 'sandbox'>) {
    this.#list = list;
    this.#window = window;
  }

  /**
   * Lets the person choose a sandbox of any account; undefined if they do not. What is known is there at once, and
   * the clouds' answers are filled in as they arrive: some may never.
   */
  async pick(options: SandboxPickOptions): Promise<PickedSandbox | undefined> {
    const picked = await this.#ask(options);
    if (!picked) return undefined;
    const { ref, buttons, run } = picked.item;
    await run?.();
    const button = buttons?.find((candidate) => candidate === picked.button)?.id;
    return ref && { ref, ...(button !== undefined && { button }) };
  }

  async #ask({ placeholder, isElsewhere, ...given }: SandboxPickOptions): Promise<PickedItem | undefined> {
    const list = this.#list;
    const here = isElsewhere ? undefined : this.#window.sandbox?.entry;
    const options: SandboxItemsOptions = { ...given, ...(here && { here }) };
    const owned = new DisposableStore();
    const pick = owned.add(vscode.window.createQuickPick<SandboxItem>());
    const chosen = createDeferred<PickedItem | undefined>();
    const update = (): void => {
      const items = sandboxItems(list, options);
      // New rows in place of the same would take a click that falls between, and make hovers blink.
      if (lookSame(items, pick.items)) return;
      const active = pick.activeItems[0]?.ref;
      pick.items = items;
      const again = active && pick.items.find(({ ref }) => ref && isSame(ref, active));
      if (again) pick.activeItems = [again];
    };
    pick.placeholder = placeholder;
    pick.matchOnDescription = true;
    pick.matchOnDetail = true;
    pick.keepScrollPosition = true;
    pick.busy = true;
    owned.add(
      pick.onDidAccept(() => chosen.resolve(pick.selectedItems[0] && { item: pick.selectedItems[0] })),
    );
    owned.add(pick.onDidTriggerItemButton(({ item, button }) => chosen.resolve({ item, button })));
    owned.add(pick.onDidHide(() => chosen.resolve(undefined)));
    owned.add(list.onDidChange(update));
    update();
    pick.show();
    void list.refresh().finally(() => {
      if (!owned.isDisposed) pick.busy = false;
    });
    try {
      return await chosen.promise;
    } finally {
      owned.dispose();
    }
  }
}

function isSame(one: SandboxRef, other: SandboxRef): boolean {
  return one.account.id === other.account.id && one.sandbox.id === other.sandbox.id;
}
