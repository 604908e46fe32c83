/** What is looked at whatever sandbox it is about. */
import { access } from 'node:fs/promises';
import { dial, listEndpoints } from '../../broker/endpoints';
import type { NetworkSettings } from '../../cloud/provider';
import { parseProxy } from '../../cloud/proxy';
import { isAtLeast, oldestUsable, parseSshVersion } from '../../sshConfig/hostOptions';
import { launcherCommand } from '../../sshConfig/launcher';
import { sshVersionText } from '../../sshConfig/sshProgram';
import type { RemoteSshExtension } from '../remoteSshFamily';
import type { SshSetup } from '../sshSetup';
import type { WindowBroker } from '../windowBroker';
import type { Check } from './examination';
import { Program, ProgramError } from './programs';

export interface ComputerFacts {
  readonly ssh: Pick<SshSetup, 'program' | 'launcherFile'>;
  readonly broker: Pick<WindowBroker, 'ensure'>;
  /** Folder where connections find windows. */
  readonly runDir: string;
  /** Result of `editorTag`. */
  readonly editor: string;
  readonly network: NetworkSettings;
  /** The Remote-SSH that is installed, the one to install, or that there can be none. */
  readonly remoteSsh:
    | { readonly state: 'installed' | 'missing'; readonly extension: RemoteSshExtension }
    | { readonly state: 'unavailable' };
  /** Makes our SSH files, for a sandbox that is examined. */
  readonly provision?: () => Promise<unknown>;
  readonly env: NodeJS.ProcessEnv;
}

export function computerChecks(facts: ComputerFacts): readonly Check[] {
  return [
    sshCheck(facts),
    remoteSshCheck(facts),
    networkCheck(facts),
    windowsCheck(facts),
    launcherCheck(facts),
  ];
}

function sshCheck({ ssh }: ComputerFacts): Check {
  return {
    name: 'ssh',
    async run(signal) {
      const { program } = ssh;
      const said = await sshVersionText(program, signal);
      const version = parseSshVersion(said);
      if (!version) return { outcome: 'warning', result: 'sshUnknown', values: { program, said } };
      const values = { program, version: said };
      return isAtLeast(version, oldestUsable)
        ? { outcome: 'ok', result: 'sshFound', values }
        : { outcome: 'failed', result: 'sshOld', values };
    },
  };
}

function remoteSshCheck({ remoteSsh }: ComputerFacts): Check {
  return {
    name: 'remoteSsh',
    async run() {
      await Promise.resolve();
      switch (remoteSsh.state) {
        case 'installed':
          return { outcome: 'ok', result: 'remoteSshFound', values: { ...remoteSsh.extension } };
        case 'missing':
          return { outcome: 'warning', result: 'remoteSshMissing', values: remoteSsh.extension };
        case 'unavailable':
          return { outcome: 'skipped', result: 'remoteSshUnavailable', values: {} };
      }
    },
  };
}

function networkCheck({ network }: ComputerFacts): Check {
  return {
    name: 'network',
    async run() {
      await Promise.resolve();
      const { proxyUrl, noProxy = [], strictTls, extraCa = [] } = network;
      const isLax = strictTls === false;
      const certificates = isLax ? 'none' : { ownAuthorities: extraCa.length };
      const outcome = isLax ? 'warning' : 'ok';
      if (proxyUrl === undefined) return { outcome, result: 'direct', values: { certificates } };
      // Host and port: a proxy's URL may hold a password.
      const { host } = parseProxy(proxyUrl);
      return {
        outcome,
        result: 'byProxy',
        values: { proxy: host, except: noProxy.join(', '), certificates },
      };
    },
  };
}

function windowsCheck({ broker, runDir, editor }: ComputerFacts): Check {
  return {
    name: 'windows',
    async run(signal) {
      await broker.ensure();
      const endpoints = (await listEndpoints(runDir, editor)).filter(
        (endpoint) => endpoint.editor === editor,
      );
      let count = 0;
      for (const endpoint of endpoints) {
        const socket = await dial(endpoint, signal).catch(() => undefined);
        signal.throwIfAborted();
        if (socket) count++;
        socket?.destroy();
      }
      return count > 0
        ? { outcome: 'ok', result: 'windowsAnswer', values: { count } }
        : { outcome: 'failed', result: 'windowsSilent', values: {} };
    },
  };
}

/** Every connection greets before it asks for anything, so any alias shows whether the launcher works. */
function launcherCheck({ ssh, editor, env, provision }: ComputerFacts): Check {
  return {
    name: 'launcher',
    async run(signal) {
      await provision?.();
      const { launcherFile } = ssh;
      const isThere = await access(launcherFile).then(
        () => true,
        () => false,
      );
      if (!isThere) return { outcome: 'skipped', result: 'launcherAbsent', values: {} };
      const began = performance.now();
      const [command, ...words] = launcherCommand(launcherFile);
      const program = new Program(
        { program: command, arguments: [...words, `doctor.${editor}.sbx`] },
        { env },
      );
      try {
        await program.says('SSH-2.0-', signal);
        return { outcome: 'ok', result: 'launcherRuns', values: { ms: performance.now() - began } };
      } catch (error) {
        if (!(error instanceof ProgramError)) throw error;
        return { outcome: 'failed', result: 'launcherFails', values: { said: error.message } };
      } finally {
        await program.end();
      }
    },
  };
}
