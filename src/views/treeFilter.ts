import type { Sandbox } from '../cloud/provider';
import { statusWord } from './presentation';

/** Whether a sandbox has what a person typed: each word, in its name, image or status, or as its whole id. */
export type SandboxFilter = (sandbox: Sandbox) => boolean;

/** Undefined if the text filters nothing. */
export function createFilter(text: string): SandboxFilter | undefined {
  const words = text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return undefined;
  return ({ id, name, image = '', status }) => {
    const found = `${name}\n${image}\n${statusWord(status)}`.toLocaleLowerCase();
    // Random ids hold about any short text.
    return words.every((word) => found.includes(word) || word === id.toLocaleLowerCase());
  };
}
