/** Running the user's ssh to ask what it is and what it makes of a configuration; never to connect. */
import { execFile } from 'node:child_process';
import { describeError, errnoOf, printable } from '../base/errors';
import { SshConfigError } from './errors';
import { parseSshVersion, type SshVersion } from './hostOptions';

/** `ssh -G` runs the `Match exec` programs of the user's configuration, which may hang. */
const TIMEOUT_MS = 10_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;

/** The release of an ssh program; undefined if it does not say. Never rejects. */
export async function sshVersion(sshPath: string): Promise<SshVersion | undefined> {
  try {
    return parseSshVersion(await sshVersionText(sshPath));
  } catch {
    return undefined;
  }
}

/** What an ssh program says of itself. Rejects as `ssh-failed` if it does not run. */
export async function sshVersionText(sshPath: string, signal?: AbortSignal): Promise<string> {
  const { stdout, stderr } = await run(sshPath, ['-V'], signal);
  return printable(stderr + stdout);
}

/**
 * What ssh would use for an alias: the first value of each keyword, keywords in lower case.
 * Rejects as `ssh-failed` with what ssh says, such as a line of the configuration that it does not understand.
 */
export async function effectiveOptions(
  sshPath: string,
  alias: string,
  configFile: string | undefined,
  signal?: AbortSignal,
): Promise<Map<string, string>> {
  const { stdout } = await run(
    sshPath,
    ['-G', ...(configFile ? ['-F', configFile] : []), '--', alias],
    signal,
  );
  const options = new Map<string, string>();
  for (const line of stdout.split(/\r?\n/)) {
    const [, keyword, value] = /^(\S+) (.*)$/.exec(line) ?? [];
    if (keyword && value !== undefined && !options.has(keyword)) options.set(keyword.toLowerCase(), value);
  }
  return options;
}

function run(
  sshPath: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<{ stdout: string; stderr: string }> {
  const options = {
    timeout: TIMEOUT_MS,
    maxBuffer: MAX_OUTPUT_BYTES,
    windowsHide: true,
    ...(signal && { signal }),
  };
  return new Promise((resolve, reject) => {
    const child = execFile(sshPath, args, options, (error, stdout, stderr) => {
      if (!error) resolve({ stdout, stderr });
      else if (signal?.aborted) reject(signal.reason instanceof Error ? signal.reason : error);
      else reject(failure(sshPath, error, stderr));
    });
    child.stdin?.end();
  });
}

function failure(sshPath: string, error: Error & { killed?: boolean }, stderr: string): SshConfigError {
  const cause = { cause: error };
  if (errnoOf(error) === 'ENOENT') {
    const message = `There is no program ${sshPath}; install an OpenSSH client or correct the setting remote.SSH.path`;
    return new SshConfigError('ssh-failed', message, cause);
  }
  if (error.killed) {
    const message = `${sshPath} did not read its configuration in ${TIMEOUT_MS / 1000} s; look for a "Match exec" that hangs`;
    return new SshConfigError('ssh-failed', message, cause);
  }
  const said = printable(stderr) || describeError(error);
  const message = `${sshPath} does not accept your SSH configuration (${said}); correct that line`;
  return new SshConfigError('ssh-failed', message, cause);
}
