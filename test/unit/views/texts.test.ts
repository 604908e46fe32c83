import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';

const files = [
  'src/extension.ts',
  ...readdirSync('src/views', { recursive: true, encoding: 'utf8' }).map((file) => `src/views/${file}`),
].filter((file) => file.endsWith('.ts'));

/** The calls of `vscode.l10n.t` in a file. */
function textsIn(file: string): readonly ts.CallExpression[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const found: ts.CallExpression[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText() === 'vscode.l10n.t') found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

describe('The texts of the code', () => {
  const bundle = JSON.parse(readFileSync('l10n/bundle.l10n.json', 'utf8')) as Record<string, string>;
  const calls = files.flatMap(textsIn);

  it('stand in the code as plain literals, where a translator’s tool finds them', () => {
    for (const {
      arguments: [text],
    } of calls) {
      assert.ok(text && ts.isStringLiteralLike(text), `not a literal: ${text?.getText()}`);
    }
  });

  it('are given a value for each of their placeholders', () => {
    for (const {
      arguments: [text, ...values],
    } of calls) {
      const wanted = new Set([...(text?.getText() ?? '').matchAll(/\{\d+\}/g)].map(([name]) => name));
      assert.equal(values.length, wanted.size, text?.getText());
    }
  });

  it('are those of the bundle for translators (else: npm run l10n)', () => {
    const texts = calls.flatMap(({ arguments: [text] }) =>
      text && ts.isStringLiteralLike(text) ? [text.text] : [],
    );

    const missing = texts.filter((text) => !(text in bundle));
    const unused = Object.keys(bundle).filter((text) => !texts.includes(text));
    assert.deepEqual({ missing, unused }, { missing: [], unused: [] });
  });
});
