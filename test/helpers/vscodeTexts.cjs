// Loaded by mocha before the tests: what `import * as vscode` means outside the editor. It has the texts and no more:
// code that needs more of the editor is tested in a real one (test/vscode).
const Module = require('node:module');

const texts = {
  l10n: {
    /** As the editor does where it has no translation: `{0}` or `{name}` is replaced by what is passed. */
    t(message, ...args) {
      const values = typeof args[0] === 'object' ? args[0] : args;
      return message.replaceAll(/\{(\w+)\}/g, (placeholder, name) => String(values[name] ?? placeholder));
    },
  },
};

const load = Module._load;
Module._load = function (request, ...rest) {
  return request === 'vscode' ? texts : load.call(this, request, ...rest);
};
