import { setFlagsFromString } from 'node:v8';

/**
 * For a process that passes many buffers on. V8 counts buffers, which lie outside its heap, when it decides to mark
 * the whole heap, and would do that many times a second although nearly nothing in it changes: a third of the work of
 * a transfer. Not an argument of the process, for that would keep Node from using its own compiled code.
 */
export function sparePointlessMarking(): void {
  setFlagsFromString('--no-incremental-marking');
}

/** Undoes {@link sparePointlessMarking}: compiled code is valid for the flags under which it was saved. */
export function markAsUsual(): void {
  setFlagsFromString('--incremental-marking');
}
