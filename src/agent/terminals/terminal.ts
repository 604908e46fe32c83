import type { AgentFacts } from '../../agentProtocol/operations';
import type { HostProcess } from '../../processes/hostProcess';

/** A command that is to run in a terminal. */
export interface TerminalCommand {
  readonly argv: readonly [string, ...string[]];
  /** The whole environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly columns: number;
  readonly rows: number;
}

/** One way to have a command run in a terminal. */
export interface TerminalMaker {
  readonly name: AgentFacts['terminals'];
  /**
   * The end of the process's stdin hangs its terminal up; its stderr is empty. Rejects with an `OperationError` if no
   * terminal can be had.
   */
  start(command: TerminalCommand): Promise<HostProcess>;
}
