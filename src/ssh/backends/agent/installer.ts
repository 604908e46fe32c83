/**
 * Puts the agent into a sandbox and starts it: a program for the sandbox's own Node (18 or later), run by `node -e` with
 * an {@link InstallTask} as its argument. It says what it does in lines of `key=value`; each step's end with
 * END_OF_REPORT.
 */
import { SECRET_BYTES } from '../../../agentProtocol/secret';
import { END_OF_REPORT } from './lookScript';

export interface InstallTask {
  /**
   * - `stdin`: all of it. Says `dir` and `have` (whether this version lies there already), then waits on stdin for the
   *   secret and, unless it has it, the packed program. Says `state` once the agent runs, and becomes its carrier
   *   (`agent.js attach`).
   * - `prepare`: makes the first folder that can be used; says `dir` and `have`.
   * - `start`: takes what was put into that folder as `*.upload`; says `state` once the agent runs.
   * A folder that does not do is told of as `tried`; `failed` is the end.
   */
  readonly step: 'stdin' | 'prepare' | 'start';
  readonly version: string;
  readonly keyId: string;
  /** Length of the packed program in bytes. */
  readonly size: number;
  readonly ports: readonly number[];
  readonly places: readonly string[];
}

/** Length of a Unix socket's path that every system takes (unix(7): 108 with its end). */
const MAX_SOCKET_PATH = 100;
const START_MS = 10_000;
/** How long an agent that runs may take to get a port: another one, which was told to end, may have had it. */
const PORT_MS = 3000;
/** What lies there for longer when an agent is started is not of another connection that starts it too. */
const OLD_SECRET_MS = 60_000;
/** The folder of another version that nobody runs is removed once it is older. */
const STALE_MS = 60 * 60 * 1000;

export const INSTALLER = `
'use strict';
const fs = require('fs'), net = require('net'), path = require('path'), zlib = require('zlib');
const { createHash } = require('crypto'), { spawn } = require('child_process');
const task = JSON.parse(process.argv[1]);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const say = (key, value) => fs.writeSync(1, key + '=' + String(value).replace(/[\\0-\\x1f]+/g, ' ').slice(0, 1000) + '\\n');
const endReport = () => fs.writeSync(1, ${JSON.stringify(END_OF_REPORT)});

function own(dir) {
  try { fs.mkdirSync(dir, 0o700); } catch (error) { if (error.code !== 'EEXIST') throw error; }
  const stat = fs.lstatSync(dir);
  if (!stat.isDirectory() || stat.uid !== process.getuid()) throw new Error(dir + ' belongs to somebody else');
  if (stat.mode & 0o077) fs.chmodSync(dir, 0o700);
}
function write(file, content) {
  const temporary = file + '.' + process.pid;
  fs.rmSync(temporary, { force: true });
  fs.writeFileSync(temporary, content, { mode: 0o600, flag: 'wx' });
  fs.renameSync(temporary, file);
}
function prepare(place) {
  const dir = path.join(place, 'agent-' + task.version);
  if (Buffer.byteLength(dir + '/agent.sock') > ${MAX_SOCKET_PATH}) throw new Error('the path is too long for a socket');
  fs.mkdirSync(path.dirname(place), { recursive: true });
  for (const folder of [place, dir, dir + '/secrets']) own(folder);
  write(dir + '/writable', '');
  fs.rmSync(dir + '/writable');
  return dir;
}
const isOurs = (program) => createHash('sha256').update(program).digest('hex').startsWith(task.version);
function installed(dir) {
  try {
    const program = fs.readFileSync(dir + '/agent.js');
    return isOurs(program) ? program : undefined;
  } catch { return undefined; }
}
function unpack(packed) {
  let program;
  try { program = zlib.gunzipSync(packed); } catch {}
  if (!program || !isOurs(program)) throw new Error('the program arrived damaged');
  return program;
}
function take(length) {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length;) {
    try {
      const count = fs.readSync(0, bytes, at, length - at, null);
      if (count === 0) throw new Error('the upload was interrupted');
      at += count;
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
  return bytes;
}
function announce(dir) {
  const program = installed(dir);
  say('dir', dir);
  say('have', program ? 'yes' : 'no');
  return program;
}
function receive(dir) {
  const have = announce(dir);
  endReport();
  const secret = take(${SECRET_BYTES});
  return { secret, program: have || unpack(take(task.size)) };
}
function collect(dir) {
  const takeUpload = (name) => {
    const content = fs.readFileSync(dir + '/' + name + '.upload');
    fs.rmSync(dir + '/' + name + '.upload');
    return content;
  };
  const secret = takeUpload('secrets/' + task.keyId);
  return { secret, program: installed(dir) || unpack(takeUpload('agent.js')) };
}
function save(dir, { secret, program }) {
  if (!installed(dir)) write(dir + '/agent.js', program);
  write(dir + '/secrets/' + task.keyId, secret);
  const link = dir + '/node.' + process.pid;
  fs.rmSync(link, { force: true });
  fs.symlinkSync(process.execPath, link);
  fs.renameSync(link, dir + '/node');
}
const isServed = (dir) => new Promise((resolve) => {
  const socket = net.connect(dir + '/agent.sock', () => { socket.destroy(); resolve(true); });
  socket.on('error', () => resolve(false));
});
function stateOf(dir) {
  try { return JSON.parse(fs.readFileSync(dir + '/agent.json', 'utf8')); } catch { return undefined; }
}
// Of keys that were replaced while an agent ran that was killed; whose key is still good puts its secret there anew.
function removeOldSecrets(dir) {
  for (const name of fs.readdirSync(dir + '/secrets')) {
    const file = dir + '/secrets/' + name;
    const stat = fs.statSync(file, { throwIfNoEntry: false });
    if (stat && Date.now() - stat.mtimeMs > ${OLD_SECRET_MS}) fs.rmSync(file, { recursive: true, force: true });
  }
}
async function start(dir) {
  let exit;
  if (!(await isServed(dir))) {
    removeOldSecrets(dir);
    fs.rmSync(dir + '/agent.json', { force: true });
    const ports = task.ports.flatMap((port) => ['--port', String(port)]);
    const child = spawn(process.execPath, [dir + '/agent.js', 'serve', '--dir', dir, ...ports],
      { detached: true, stdio: 'ignore', cwd: '/' });
    child.on('error', (error) => { exit = error.message; });
    child.on('exit', (code, signal) => { exit = 'it ended with ' + (signal || code) + lastWords(dir); });
    child.unref();
  }
  for (const began = Date.now(); Date.now() - began < ${START_MS}; await pause(10)) {
    const state = stateOf(dir);
    const hasPort = state && (task.ports.length === 0 || state.ports.length > 0 || Date.now() - began > ${PORT_MS});
    if (hasPort && await isServed(dir)) return state;
    // Another connection may have been quicker.
    if (exit && Date.now() - began > 1000) throw new Error(exit);
  }
  throw new Error('it does not begin to listen');
}
function lastWords(dir) {
  try {
    return ': ' + fs.readFileSync(dir + '/agent.log', 'utf8').trim().split('\\n').pop();
  } catch { return ''; }
}
async function endOthers(place) {
  for (const name of fs.readdirSync(place)) {
    const dir = path.join(place, name);
    if (!/^agent-[0-9a-f]{12}$/.test(name) || name === 'agent-' + task.version) continue;
    const state = stateOf(dir);
    if (await isServed(dir)) { if (state) process.kill(state.pid, 'SIGTERM'); }
    else if (Date.now() - fs.statSync(dir).mtimeMs > ${STALE_MS}) fs.rmSync(dir, { recursive: true, force: true });
  }
}
async function run() {
  let files, uploadError;
  for (const place of task.places) {
    try {
      const dir = prepare(place);
      if (task.step === 'prepare') { announce(dir); return; }
      if (!files) {
        try { files = task.step === 'stdin' ? receive(dir) : collect(dir); }
        catch (error) { uploadError = error; break; }
      }
      save(dir, files);
      // Before, for another one may have the port.
      await endOthers(place).catch(() => undefined);
      const state = await start(dir);
      say('dir', dir);
      fs.writeSync(1, 'state=' + JSON.stringify(state) + '\\n');
      return dir;
    } catch (error) { say('tried', place + ': ' + error.message); }
  }
  say('failed', uploadError ? uploadError.message : 'no folder for it can be used');
}
run().then((dir) => {
  endReport();
  if (!dir || task.step !== 'stdin') return;
  const program = dir + '/agent.js';
  process.argv = [process.execPath, program, 'attach', '--dir', dir];
  require(program);
});
`;
