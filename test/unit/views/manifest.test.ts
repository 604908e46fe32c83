import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { remoteSshExtensions } from '../../../src/remote/remoteSshFamily';
import {
  commandIds,
  configurationSection,
  contextKeys,
  terminalProfileId,
  viewId,
  walkthroughId,
} from '../../../src/views/ids';

interface MenuItem {
  readonly command: string;
  readonly when?: string;
}

interface Manifest {
  readonly main: string;
  readonly icon: string;
  readonly engines: { readonly vscode: string };
  readonly extensionKind: readonly string[];
  readonly capabilities: { readonly untrustedWorkspaces: { readonly supported: boolean } };
  readonly activationEvents: readonly string[];
  readonly enabledApiProposals?: unknown;
  readonly extensionDependencies?: unknown;
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly icon?: string }[];
    readonly views: Record<string, readonly { readonly id: string; readonly icon: string }[]>;
    readonly viewsContainers: {
      readonly activitybar: readonly { readonly id: string; readonly icon: string }[];
    };
    readonly viewsWelcome: readonly { readonly view: string; readonly contents: string }[];
    readonly walkthroughs: readonly {
      readonly id: string;
      readonly steps: readonly {
        readonly id: string;
        readonly description: string;
        readonly media: { readonly svg: string; readonly altText: string };
        readonly completionEvents: readonly string[];
      }[];
    }[];
    readonly terminal: { readonly profiles: readonly { readonly id: string }[] };
    readonly menus: Record<string, readonly MenuItem[]>;
    readonly keybindings: readonly {
      readonly command: string;
      readonly when: string;
      readonly args?: { readonly focusedRow: string };
    }[];
    readonly configuration: { readonly properties: Record<string, { readonly scope: string }> };
  };
}

const source = readFileSync('package.json', 'utf8');
const texts = JSON.parse(readFileSync('package.nls.json', 'utf8')) as Record<string, string>;
const placeholder = /"%([^%"]+)%"/g;
/** As the editor sees it, with the texts in their places. */
const manifest = JSON.parse(
  source.replace(placeholder, (_, key: string) => JSON.stringify(texts[key])),
) as Manifest;
const { contributes } = manifest;
const walkthrough = contributes.walkthroughs[0]!;
const known = new Set<string>(Object.values(commandIds));

describe('The manifest', () => {
  it('declares exactly the commands that are registered', () => {
    assert.deepEqual(contributes.commands.map(({ command }) => command).sort(), [...known].sort());
  });

  it('gives each command an icon, so that it can stand in any menu', () => {
    assert.ok(contributes.commands.every(({ icon }) => icon?.startsWith('$(')));
  });

  it('has each of its texts in package.nls.json, and no other', () => {
    const used = [...source.matchAll(placeholder)].map(([, key]) => key);
    assert.deepEqual([...new Set(used)].sort(), Object.keys(texts).sort());
    const shown = /^ *"(title|description|markdownDescription|contents)": (?!"(%|Cloud Sandboxes"))/m;
    assert.doesNotMatch(source, shown);
  });

  it('binds keys to known commands, and only in the view', () => {
    for (const { command, when } of contributes.keybindings) {
      assert.ok(known.has(command), command);
      assert.ok(when.startsWith(`focusedView == ${viewId}`), when);
    }
  });

  it('binds keys to a row’s commands where its menu has them', () => {
    const bound = contributes.keybindings.flatMap(({ command, args }) =>
      args ? [{ command, word: args.focusedRow }] : [],
    );
    assert.equal(bound.length, 3);
    for (const { command, word } of bound) {
      const items = contributes.menus['view/item/context']!.filter((item) => item.command === command);
      const pattern = /viewItem =~ \/(\S+)\//;
      const matches = (context: string): boolean[] =>
        items.map(({ when = '' }) => new RegExp(pattern.exec(when)?.[1] ?? '').test(context));
      assert.ok(matches(word).every(Boolean), command);
      assert.ok(!matches('placeholder').some(Boolean), command);
    }
  });

  it('has each command of a row’s menu in the palette too, where it asks for the sandbox', () => {
    const hidden = new Set((contributes.menus['commandPalette'] ?? []).map(({ command }) => command));
    for (const { command } of contributes.menus['view/item/context']!) {
      assert.ok(!hidden.has(command), command);
    }
  });

  it('puts only known commands into menus', () => {
    for (const item of Object.values(contributes.menus).flat())
      assert.ok(known.has(item.command), item.command);
  });

  it('links welcome texts and the walkthrough to known commands', () => {
    const contents = [
      ...contributes.viewsWelcome.map((welcome) => welcome.contents),
      ...walkthrough.steps.map(({ description }) => description),
    ];
    const links = contents.flatMap((content) => [...content.matchAll(/\(command:([^)]+)\)/g)]);
    assert.ok(links.length > contents.length / 2);
    for (const [, id = ''] of links) assert.ok(known.has(id), id);
  });

  it('has a walkthrough that the code opens, each step with a picture and an end', () => {
    assert.equal(walkthrough.id, walkthroughId);
    for (const { id, media, completionEvents } of walkthrough.steps) {
      assert.ok(existsSync(media.svg), media.svg);
      assert.ok(media.altText, id);
      assert.ok(completionEvents.length > 0, id);
      for (const event of completionEvents) {
        const [kind, of = ''] = event.split(':');
        if (kind === 'onCommand') assert.ok(known.has(of), event);
      }
    }
  });

  // An editor never ticks off what is so already when it first reads the walkthrough. Only one of these two can be: the
  // other comes when the person opens or leaves the page.
  it('has the step about clouds done for who has one before', () => {
    const { completionEvents } = walkthrough.steps.find(({ id }) => id === 'cloud')!;
    assert.deepEqual(
      completionEvents,
      ['==', '!='].map((is) => `onContext:${contextKeys.hasCloud} && activeEditor ${is} gettingStartedPage`),
    );
  });

  // Extensions it looks for also then.
  it('has the step about Remote-SSH done by every one that there is', () => {
    const { completionEvents } = walkthrough.steps.find(({ id }) => id === 'remoteSsh')!;
    for (const { id } of remoteSshExtensions) {
      assert.ok(completionEvents.includes(`onExtensionInstalled:${id}`), id);
    }
  });

  it('depends on context keys that the code sets', () => {
    const conditions = [...source.matchAll(/"(?:when": "|onContext:)([^"]+)"/g)].map(([, when = '']) => when);
    const own = conditions.flatMap((when) => when.match(/(?<!(==|=~) ?)\bcloudSandboxes\.\w+/g) ?? []);
    const set = new Set<string>(Object.values(contextKeys));
    assert.ok(own.length > 0);
    for (const key of own) assert.ok(set.has(key), key);
  });

  it('declares the view that the code fills', () => {
    const container = contributes.viewsContainers.activitybar[0]?.id ?? '';
    assert.ok(contributes.views[container]?.some(({ id }) => id === viewId));
    for (const { when } of [
      ...contributes.menus['view/title']!,
      ...contributes.menus['view/item/context']!,
    ]) {
      assert.ok(when?.includes(`view == ${viewId}`), when);
    }
  });

  it('declares the terminal profile that the code provides, and wakes for links', () => {
    assert.deepEqual(
      contributes.terminal.profiles.map(({ id }) => id),
      [terminalProfileId],
    );
    assert.ok(manifest.activationEvents.includes('onUri'));
  });

  it('keeps settings under one name, out of reach of a workspace', () => {
    for (const [name, { scope }] of Object.entries(contributes.configuration.properties)) {
      assert.ok(name.startsWith(`${configurationSection}.`), name);
      assert.equal(scope, 'application', name);
    }
  });

  it('has each of its settings documented', () => {
    const page = readFileSync('docs/settings.md', 'utf8');
    for (const name of Object.keys(contributes.configuration.properties)) {
      assert.ok(page.includes(`\`${name}\``), name);
    }
  });

  it('runs on the local side first, in untrusted workspaces too, from VS Code 1.100 on', () => {
    assert.deepEqual(manifest.extensionKind, ['ui', 'workspace']);
    assert.equal(manifest.capabilities.untrustedWorkspaces.supported, true);
    assert.equal(manifest.engines.vscode, '^1.100.0');
  });

  it('wakes before a Remote-SSH window resolves', () => {
    assert.ok(manifest.activationEvents.includes('onResolveRemoteAuthority:ssh-remote'));
  });

  it('can be installed in every fork and published: no hard dependency, no proposed API', () => {
    assert.equal(manifest.extensionDependencies, undefined);
    assert.equal(manifest.enabledApiProposals, undefined);
  });

  it('refers to pictures that exist', () => {
    const icons = [
      manifest.icon,
      ...contributes.viewsContainers.activitybar.map(({ icon }) => icon),
      ...Object.values(contributes.views).flatMap((views) => views.map(({ icon }) => icon)),
    ];
    for (const icon of icons) assert.ok(existsSync(icon), icon);
  });
});
