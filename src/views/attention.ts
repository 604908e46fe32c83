import type { SandboxList } from '../sandboxes/sandboxList';

/** Where the person looks. */
export interface Attention {
  readonly isListVisible: boolean;
  readonly isWindowFocused: boolean;
  /** Whether the number on the list's icon is shown, which is also while the list is not. */
  readonly hasBadge: boolean;
}

/** Asks the clouds as often as somebody looks at what they answer. Called whenever that changes. */
export function followAttention(
  list: Pick<SandboxList, 'setPace' | 'wake'>,
  { isListVisible, isWindowFocused, hasBadge }: Attention,
): void {
  list.setPace(isListVisible ? (isWindowFocused ? 'full' : 'slow') : 'paused');
  // A badge can be seen while the list cannot, and must not lie to a person who is back.
  if (isWindowFocused && hasBadge) list.wake();
}
