import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

/**
 * Which folders of src/ each folder may import from, itself and `base` aside. This table is the architecture:
 * ARCHITECTURE.md explains it, and an import that is not listed here fails the lint.
 */
const layers = {
  base: [],
  cloud: [],
  keys: ['cloud'],
  processes: [],
  localCloud: ['processes'],
  sftp: [],
  agentProtocol: [],
  agent: ['agentProtocol', 'sftp', 'processes'],
  broker: ['cloud'],
  ssh: ['cloud', 'sftp', 'agentProtocol'],
  connection: ['ssh', 'broker', 'cloud'],
  sshConfig: ['keys', 'cloud'],
  sandboxes: ['cloud'],
  start: ['localCloud', 'sshConfig', 'keys', 'broker', 'cloud'],
  remote: ['sshConfig', 'keys', 'broker', 'sandboxes', 'cloud'],
  views: ['sandboxes', 'remote', 'broker', 'cloud'],
};

/** Folders whose code runs inside the editor's extension host; no other may import `vscode`. */
const knowVscode = new Set(['views']);

const layerRules = Object.entries(layers).map(([layer, allowed]) => {
  const forbidden = Object.keys(layers).filter(
    (other) => other !== layer && other !== 'base' && !allowed.includes(other),
  );
  const patterns = [];
  if (forbidden.length > 0) {
    patterns.push({
      regex: `^(\\.\\./)+(${forbidden.join('|')})(/|$)`,
      message: `src/${layer} may import only from: base ${allowed.join(' ')} (see the table in eslint.config.mjs).`,
    });
  }
  if (!knowVscode.has(layer)) {
    patterns.push({
      regex: '^vscode$',
      message: `src/${layer} runs outside the editor; pass in what it needs.`,
    });
  }
  return {
    files: [`src/${layer}/**/*.ts`],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] },
  };
});

/** Where a text that a person sees was written down bare. Ids, icons and what goes into the log have other forms. */
const passed = '/^(t|debug|info|warn|error)$/';
const bareTexts = [
  // Two words are a sentence of ours, capitals a product's name; the log is in English.
  `:not(CallExpression[callee.property.name=${passed}], CallExpression[callee.name='logFailure']) > Literal[value=/[A-Za-z]{2,}.* [a-z]/]`,
  `:not(CallExpression[callee.property.name=${passed}]) > TemplateLiteral > TemplateElement[value.raw=/[A-Za-z]{2,} [a-z“]|^[a-z]{2,} | [a-z]{2,}/]`,
  'Property[key.name=/^(title|detail|description|label|placeHolder|placeholder|prompt|tooltip)$/] > Literal.value[value=/^(?!https:).*[A-Za-z]{2,}/]',
];

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.vscode-test/', 'test-results/'] },
  eslint.configs.recommended,
  {
    files: ['src/**/*.ts', 'test/**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      eqeqeq: 'error',
      'no-console': 'error',
      'max-lines': ['error', 400],
    },
  },
  ...layerRules,
  {
    files: ['src/views/**/*.ts', 'src/extension.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...bareTexts.map((selector) => ({
          selector,
          message: 'A text that people see is a plain literal in vscode.l10n.t(…).',
        })),
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      // mocha's describe/it and node:test style callbacks return nothing.
      '@typescript-eslint/no-unused-expressions': 'off',
    },
  },
  {
    files: ['**/*.{mjs,cjs}'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        require: 'readonly',
        module: 'writable',
      },
    },
  },
);
