import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { builtinModules, createRequire } from 'node:module';
import * as os from 'node:os';
import * as path from 'node:path';
import { skipFor } from '../helpers/require';
import { sharedPackage } from './host/extension';
import { hostObstacle, installHost, installTimeoutMs } from './host/install';
import { installExtension } from './host/server';

/** Everything that the package may hold. */
const expected = [
  /^(package|package\.nls)\.json$/,
  /^(readme|changelog)\.md$/i,
  /^LICENSE(\.txt)?$/,
  /^l10n\/bundle\.l10n(\.[\w-]+)?\.json$/,
  /^dist\/(agent|extension|connection|connectionProgram|localCloud)\.js$/,
  /^media\/(icon\.png|[\w-]+\.svg|walkthrough\/[\w-]+\.svg)$/,
  // The native module, with what it loads on this platform alone.
  /^node_modules\/@lydell\/node-pty\/((shared\/|worker\/)?\w+\.js|package\.json|LICENSE)$/,
  new RegExp(
    `^node_modules/@lydell/node-pty-${process.platform}-${process.arch}/(pty\\.node|package\\.json)$`,
  ),
  // Of the editor, which notes where the package came from.
  /^\.vsixmanifest$/,
];

/** What is not shipped because a program does without it. */
const optional = new Set(['bufferutil', 'utf-8-validate', 'cpu-features']);

describe('The package, installed into a real VS Code', function () {
  /** Of the extension, as the editor has put it there. */
  let folder: string;
  let dir: string;
  let files: readonly string[];

  before(async function () {
    this.timeout(installTimeoutMs);
    const obstacle = hostObstacle();
    if (obstacle !== undefined) skipFor(this, obstacle);
    dir = await fs.mkdtemp(path.join(os.tmpdir(), 'sbxpkg-'));
    folder = await installExtension(await installHost(), dir, await sharedPackage());
    files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
  });

  after(() => fs.rm(dir, { recursive: true, force: true }));

  const programs = (): string[] => files.filter((file) => file.startsWith('dist/'));
  const textOf = (file: string): string => readFileSync(path.join(folder, file), 'utf8');

  it('holds nothing but what is needed', () => {
    assert.deepEqual(
      files.filter((file) => !expected.some((pattern) => pattern.test(file))),
      [],
    );
  });

  it('has every file that its manifest names', () => {
    const manifest = textOf('package.json');
    const named = [...manifest.matchAll(/"\.?\/?((?:media|dist)\/[^"]+)"/g)].map(([, file]) => file!);
    assert.ok(named.length > 2);
    for (const file of named) assert.ok(existsSync(path.join(folder, file)), file);
  });

  it('has every module that its programs load', () => {
    const load = createRequire(path.join(folder, 'dist', 'extension.js'));
    for (const program of programs()) {
      const modules = [...textOf(program).matchAll(/\brequire\("([^".][^"]*)"\)/g)].map(([, name]) => name!);
      for (const name of new Set(modules)) {
        const isGiven = name === 'vscode' || name.startsWith('node:') || builtinModules.includes(name);
        if (!isGiven && !optional.has(name)) assert.ok(load.resolve(name).startsWith(folder), name);
      }
    }
  });

  it('tells nothing of the computer that it was made on', () => {
    for (const file of files.filter((each) => /\.(js|json|md)$/.test(each))) {
      const text = textOf(file);
      assert.ok(!text.includes(process.cwd()), `${file} names this checkout`);
      assert.ok(!text.includes('sourceMappingURL=data:'), `${file} has its sources in it`);
    }
  });

  it('has programs that are minified, and no maps of them', () => {
    assert.equal(programs().length, 5);
    for (const program of programs()) {
      const text = textOf(program);
      assert.ok(text.length / text.split('\n').length > 200, `${program} is not minified`);
    }
  });
});
