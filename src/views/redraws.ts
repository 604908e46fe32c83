import type { Disposable } from '../base/disposable';

/** Several times the 200 ms for which the editor gathers redraws, and more than an answer is on its way. */
const REPEAT_MS = 1_000;

/**
 * Redraws of a tree view, given once more where the editor did not take them. Its window asks for a row's children, and
 * forgets a redraw of that row that comes together with the answer: it then goes on showing what was answered (seen in
 * VS Code 1.139, for one window in fifty that opened on the tree while the first list arrived).
 */
export class Redraws<Row extends object> implements Disposable {
  readonly #draw: (rows: readonly Row[] | undefined) => void;
  /** Whose children the editor has asked for, and of which nothing was redrawn since; this for the tree itself. */
  readonly #answered = new WeakSet<object>();
  /** Until when the editor has to ask for the children of what was drawn. */
  readonly #repeats = new Map<Row | undefined, NodeJS.Timeout>();

  /** @param draw has the editor draw these rows and all under them; undefined for the whole tree */
  constructor(draw: (rows: readonly Row[] | undefined) => void) {
    this.#draw = draw;
  }

  /** To be called when the editor asks for a row's children; undefined for those at the top. */
  answered(row: Row | undefined): void {
    this.#answered.add(row ?? this);
    clearTimeout(this.#repeats.get(row));
    this.#repeats.delete(row);
  }

  draw(rows: readonly Row[] | undefined): void {
    for (const row of rows ?? [undefined]) {
      // What the editor has not asked for since it was last drawn is collapsed, or is still to be asked for.
      if (!this.#answered.delete(row ?? this)) continue;
      this.#repeats.set(
        row,
        setTimeout(() => this.#repeat(row), REPEAT_MS),
      );
    }
    this.#draw(rows);
  }

  dispose(): void {
    for (const timer of this.#repeats.values()) clearTimeout(timer);
  }

  #repeat(row: Row | undefined): void {
    this.#repeats.delete(row);
    this.#draw(row && [row]);
  }
}
