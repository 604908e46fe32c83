/**
 * Takes the place of the extension's own program, and runs that as an editor on a desktop does, where the editor is in a
 * browser. What is not the editor's own here: the extension is told that it runs on a desktop, in VS Code; windows that
 * it asks for are written down, since a browser cannot open them; and Remote-SSH comes from a file beside this one,
 * since there is no marketplace.
 */
const { appendFileSync } = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const vscode = require('vscode');

const shipped = require.resolve('./shipped.js');
const fileBeside = (name) => path.join(path.dirname(shipped), name);

function record(command, args) {
  const plain = args.map((arg) => (arg instanceof vscode.Uri ? arg.toString(true) : arg));
  appendFileSync(fileBeside('requests.jsonl'), `${JSON.stringify([command, ...plain])}\n`);
}

async function executeCommand(command, ...args) {
  switch (command) {
    case 'vscode.openFolder':
    case 'vscode.newWindow':
      return record(command, args);
    case 'workbench.extensions.installExtension':
      record(command, args);
      return vscode.commands.executeCommand(command, vscode.Uri.file(fileBeside('remote-ssh.vsix')));
    default:
      return vscode.commands.executeCommand(command, ...args);
  }
}

/** The editor's object with other values for some of its properties; it is frozen itself. */
function altered(object, values) {
  const properties = Object.entries(values).map(([name, value]) => [name, { value, enumerable: true }]);
  return Object.create(object, Object.fromEntries(properties));
}

const desktop = {
  ...vscode,
  env: altered(vscode.env, { uiKind: vscode.UIKind.Desktop, uriScheme: 'vscode' }),
  commands: { ...vscode.commands, executeCommand },
};

// As the editor does it: what `vscode` is depends on who asks.
const load = Module._load;
Module._load = function (request, parent, ...rest) {
  if (request === 'vscode' && parent?.filename === shipped) return desktop;
  return load.call(this, request, parent, ...rest);
};

exports.activate = (context) => {
  const extension = altered(context.extension, { extensionKind: vscode.ExtensionKind.UI });
  return require(shipped).activate(altered(context, { extension }));
};
