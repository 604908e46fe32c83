import type { CarrierState } from '../../agentProtocol/carrierKeeper';
import type { Backend } from '../backend';
import { AgentBackend } from './agent';
import { AutoBackend } from './auto';
import { ExecBackend } from './exec';
import { SshdBackend } from './sshd';
import type { ReachOptions } from './wake';

/** Whether there is a way to the sandbox. */
export type LinkState = CarrierState;

/** Which backend to use; `auto`: the best one that works. */
export type BackendChoice = 'auto' | Backend['name'];

export interface BackendOptions extends ReachOptions {
  /** The user's private key for this sandbox, OpenSSH format. Secret. */
  readonly userKey: string;
  /** File of the program that runs in sandboxes. */
  readonly agentProgram: string;
  /** Told when the way to the sandbox is lost, is there again, or will never be. */
  readonly onLink: (state: LinkState) => void;
}

/** A backend that was asked for by name is that one, or fails. The log says what was asked for. */
export function createBackend(choice: BackendChoice, options: BackendOptions): Backend {
  if (choice !== 'auto') options.log.info(`by the backend ${choice}, as the settings want it`);
  switch (choice) {
    case 'auto':
      return new AutoBackend(options);
    case 'agent':
      return new AgentBackend(options);
    case 'sshd':
      return new SshdBackend(options);
    case 'exec':
      return new ExecBackend(options);
  }
}
