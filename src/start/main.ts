/** What `npm start` runs: outside an editor, this process is the broker and its vault lives in memory. */
import * as path from 'node:path';
import { describeErrorChain } from '../base/errors';
import { runtimeDir } from '../base/paths';
import { createStderrLog, say } from '../base/stderrLog';
import { parseStartArguments, USAGE } from './arguments';
import { findEditor, openEditor } from './editor';
import { prepareLocalSandbox } from './localSandbox';
import { createRunFolder } from './runFolder';
import { openInShell } from './shell';

/** dist/start.js stands one folder below the extension's own. */
const extensionDir = path.dirname(__dirname);

async function main(): Promise<number> {
  const { help, command } = parseStartArguments(process.argv.slice(2));
  if (help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const log = createStderrLog(process.env, 'warn');
  const editor = command === undefined ? await findEditor(process.env) : undefined;
  const prepared = await prepareLocalSandbox(__dirname, log);
  if (editor) {
    say(`opening ${editor} with the extension; look for Cloud Sandboxes in its activity bar`);
    return openEditor(editor, extensionDir);
  }
  const folder = await createRunFolder(runtimeDir());
  try {
    return await openInShell({ ...prepared, distDir: __dirname, runDir: folder.path, command, log });
  } finally {
    folder.dispose();
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    say(describeErrorChain(error));
    process.exit(1);
  },
);
