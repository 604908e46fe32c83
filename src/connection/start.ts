/**
 * What ssh starts as its ProxyCommand: runs the connection program, which lies next to this file, from V8's code
 * cache. Compiling it takes a good part of the time until ssh is connected, and each connection is a new process.
 */
import * as fs from 'node:fs';
import Module, { createRequire } from 'node:module';
import * as path from 'node:path';
import { Script } from 'node:vm';
import { CodeCache } from './codeCache';

/** What Node makes of a module's text. */
type CommonJsModule = (
  exports: object,
  require: NodeJS.Require,
  module: object,
  filename: string,
  dirname: string,
) => void;

const program = path.join(__dirname, 'connectionProgram.js');
const cache = CodeCache.of(program);
const cachedData = cache.read();
const script = new Script(Module.wrap(fs.readFileSync(program, 'utf8')), {
  filename: program,
  ...(cachedData && { cachedData }),
});
if (!cachedData || script.cachedDataRejected) {
  // At the end, so that what is compiled only when it is called is in it too.
  process.once('exit', () => cache.write(script.createCachedData()));
}
const run = script.runInThisContext() as CommonJsModule;
run({}, createRequire(program), {}, program, path.dirname(program));
