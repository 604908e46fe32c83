import type { SshHost } from '../helpers/sshHost';

/** What ssh and a server agree on, as options for another ssh. */
export async function agreedAlgorithms(host: SshHost): Promise<string[]> {
  const { stderr: log } = await host.run('ssh', ['-v', host.alias, 'true']);
  const kex = /kex: algorithm: (\S+)/.exec(log)?.[1];
  const [, cipher, mac] = /kex: server->client cipher: (\S+) MAC: (\S+)/.exec(log) ?? [];
  if (!kex || !cipher || !mac) throw new Error('ssh -v does not tell the algorithms');
  const options = ['-o', `KexAlgorithms=${kex}`, '-o', `Ciphers=${cipher}`];
  return mac === '<implicit>' ? options : [...options, '-o', `MACs=${mac}`];
}
