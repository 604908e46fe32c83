import type { Logger } from '../../base/logger';
import type { PipeFactory } from '../../processes/pipes';

/** What a runtime is given to find out whether it works here, and to work with. */
export interface RuntimeContext {
  readonly log: Logger;
  readonly env: NodeJS.ProcessEnv;
  /** An existing folder for files of the probe itself. */
  readonly scratchDir: string;
  /** Makes the pipes of commands that are processes of this computer. */
  readonly pipes: PipeFactory;
}
