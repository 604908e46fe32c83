import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { chromium, type Browser, type Locator, type Page } from 'playwright-core';
import { eventually } from '../../helpers/eventually';

const chromiumFlags = [
  '--no-sandbox',
  '--disable-gpu',
  // Letters with coloured edges make screenshots larger.
  '--disable-lcd-text',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const windowSize = { width: 1280, height: 800 };
const MAX_VISIBLE_TEXT = 4000;
/** How long a menu or the palette may take to show an entry, and for how long it is opened again. */
const PALETTE_MS = 5_000;
const COMMAND_MS = 30_000;
const screenshotDir = path.resolve('test-results');

/** Its owner closes it. */
export function launchBrowser(
  executablePath: string,
  { socksProxy }: WorkbenchOptions = {},
): Promise<Browser> {
  const proxy = socksProxy === undefined ? [] : socksFlags(socksProxy);
  return chromium.launch({ executablePath, headless: true, args: [...chromiumFlags, ...proxy] });
}

/** Chromium passes loopback addresses by a proxy unless told. */
function socksFlags(proxy: string): string[] {
  return [`--proxy-server=socks5://${proxy}`, '--proxy-bypass-list=<-loopback>'];
}

/**
 * The workbench encrypts secrets for the browser's storage with a key of the server's, which the plain server of the
 * npm package does not give out; without one it keeps secrets in memory, and loses them when the window is reloaded.
 */
async function keepSecrets(page: Page): Promise<void> {
  await page.route('**/mint-key', (route) => route.fulfill({ status: 200, body: Buffer.alloc(32, 7) }));
}

export interface WorkbenchOptions {
  /** SOCKS proxy that the browser reaches the server by, as `host:port`. */
  readonly socksProxy?: string;
  /** Of the window, in CSS pixels. */
  readonly size?: { readonly width: number; readonly height: number };
  /** Pixels of a screenshot for each of the window's; 1 unless told. */
  readonly pixelRatio?: number;
}

/** VS Code's window in a browser, driven as a person would. Waits end after the page's default time-out. */
export class Workbench {
  private constructor(
    private readonly browser: Browser,
    readonly page: Page,
  ) {}

  static async open(executablePath: string, url: string, options: WorkbenchOptions = {}): Promise<Workbench> {
    const browser = await launchBrowser(executablePath, options);
    try {
      const profile = await browser.newContext({
        viewport: options.size ?? windowSize,
        deviceScaleFactor: options.pixelRatio ?? 1,
        permissions: ['clipboard-read', 'clipboard-write'],
      });
      const page = await profile.newPage();
      page.setDefaultTimeout(30_000);
      await keepSecrets(page);
      await page.goto(url);
      await page.locator('.monaco-workbench .part.activitybar').waitFor();
      return new Workbench(browser, page);
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  /** Another window of the same person's; it goes with this one. */
  async openWindow(): Promise<Workbench> {
    const page = await this.page.context().newPage();
    page.setDefaultTimeout(30_000);
    await keepSecrets(page);
    await page.goto(this.page.url());
    await page.locator('.monaco-workbench .part.activitybar').waitFor();
    return new Workbench(this.browser, page);
  }

  async close(): Promise<void> {
    await this.browser.close();
  }

  /** Writes a picture of the window, for people to look at. By `css` it has a pixel for each of the window's. */
  async screenshot(name: string, scale: 'css' | 'device' = 'device'): Promise<void> {
    await fs.mkdir(screenshotDir, { recursive: true });
    const file = path.join(screenshotDir, `${name}.png`);
    // A notification fades in: it would be half there.
    await this.page.screenshot({ path: file, animations: 'disabled', scale });
  }

  /** What a person can read in the window: the lines that are not empty, up to some thousand characters. */
  async visibleText(): Promise<string> {
    const text = await this.page.locator('body').innerText();
    return text
      .replace(/\u00a0/g, ' ')
      .replace(/\s*\n\s*/g, '\n')
      .slice(0, MAX_VISIBLE_TEXT);
  }

  /** Lays the page out as at this zoom of the browser, which leaves it so much less of the window. */
  async zoom(factor: number): Promise<void> {
    const { width, height } = windowSize;
    await this.page.setViewportSize({ width: width / factor, height: height / factor });
  }

  async chooseTheme(label: string): Promise<void> {
    await this.runCommand('Preferences: Color Theme');
    await this.page.locator('.quick-input-widget input').fill(label);
    await this.pickEntry(label).first().click();
  }

  /** Drags the side bar's edge until it is that wide, or as narrow as it gets. */
  async resizeSideBar(width: number): Promise<void> {
    const sideBar = (await this.page.locator('.part.sidebar').boundingBox())!;
    const middle = sideBar.y + sideBar.height / 2;
    await this.page.mouse.move(sideBar.x + sideBar.width + 1, middle);
    await this.page.mouse.down();
    await this.page.mouse.move(sideBar.x + width, middle, { steps: 5 });
    await this.page.mouse.up();
  }

  async openView(title: string): Promise<void> {
    await this.page.locator(`.activitybar .action-item a[aria-label^="${title}"]`).click();
  }

  /** A row of the side bar's tree by its text. */
  row(...texts: string[]): Locator {
    let row = this.page.locator('.part.sidebar .monaco-list-row');
    for (const text of texts) row = row.filter({ hasText: text });
    return row;
  }

  /** Clicks a link or button of the side bar, such as those of a welcome text. */
  async clickInSideBar(text: string): Promise<void> {
    await this.page.locator('.part.sidebar').getByRole('button', { name: text }).click();
  }

  /** Picks an entry of a row's context menu. */
  async contextMenu(row: Locator, entry: string): Promise<void> {
    await this.#slowDown();
    await this.#chooseMenuItem(entry, () => row.click({ button: 'right', timeout: PALETTE_MS }));
  }

  /** Shows what is under a row of the side bar's tree. A row that is drawn anew under a click does not hear of it. */
  async expand(row: Locator): Promise<void> {
    await eventually(async () => {
      const expanded = row.and(this.page.locator('[aria-expanded="true"]'));
      if ((await expanded.count()) > 0) return;
      await row.locator('.monaco-tl-twistie').click({ timeout: PALETTE_MS });
      await expanded.waitFor({ timeout: PALETTE_MS });
    }, COMMAND_MS);
  }

  /** Opens a terminal by its profile, from the drop-down beside the button for a new one. */
  async newTerminalOf(profile: string): Promise<void> {
    const button = this.page.locator('.part.panel').getByRole('button', { name: 'Launch Profile...' });
    await this.#chooseMenuItem(profile, () => button.click({ timeout: PALETTE_MS }));
  }

  /**
   * To the pace of a person, who sees each notification: of more than three within 800 ms the editor shows three. That of
   * a progress stays for at least as long.
   */
  async #slowDown(): Promise<void> {
    const inProgress = this.page.locator('.notifications-toasts .monaco-progress-container.active');
    await eventually(async () => assert.equal(await inProgress.count(), 0));
  }

  /**
   * By keyboard: a menu ignores the mouse in its first moments, lest the click that opened it counts. As the palette does,
   * it closes when something takes the focus, and when the tree is drawn anew.
   */
  async #chooseMenuItem(entry: string, openMenu: () => Promise<void>): Promise<void> {
    // By its label: its name also has its key, where there is one.
    const label = this.page.getByText(entry, { exact: true });
    const item = this.page.getByRole('menuitem').filter({ has: label });
    await eventually(async () => {
      if ((await item.count()) === 0) await openMenu();
      await item.hover({ timeout: PALETTE_MS });
      await this.page.locator('.action-item.focused', { has: item }).waitFor({ timeout: PALETTE_MS });
    }, COMMAND_MS);
    await this.page.keyboard.press('Enter');
  }

  /** By the palette, which closes when something takes the focus: a page that opened a moment ago may do so late. */
  async runCommand(title: string): Promise<void> {
    await this.#slowDown();
    const input = this.page.locator('.quick-input-widget input');
    await eventually(async () => {
      await this.page.keyboard.press('F1');
      await input.fill(`>${title}`, { timeout: PALETTE_MS });
      await this.pickEntry(title).first().click({ timeout: PALETTE_MS });
    }, COMMAND_MS);
  }

  /** Follows a link of the editor's own scheme; the editor's question whether our extension may have it is answered. */
  async openLink(link: string): Promise<void> {
    await this.runCommand('Developer: Open URL');
    await this.answer('URL to open', link);
    await this.dialog().getByText('extension to open this URI?').waitFor();
    await this.dialog().getByRole('button', { name: 'Open', exact: true }).click();
  }

  /** Does what copies something, and resolves to what was copied. */
  async copiedBy(work: () => Promise<void>): Promise<string> {
    await this.page.evaluate(`navigator.clipboard.writeText('')`);
    await work();
    return eventually(async () => {
      const text = await this.page.evaluate<string>('navigator.clipboard.readText()');
      assert.notEqual(text, '');
      return text;
    });
  }

  /** Types into the input box with that title, and accepts. */
  async answer(title: string, text: string): Promise<void> {
    const box = this.page.locator('.quick-input-widget').filter({ hasText: title });
    const input = box.locator('.quick-input-box input');
    await input.fill(text);
    await input.press('Enter');
  }

  /** Takes an entry of the quick pick that is open. */
  async pick(text: string): Promise<void> {
    await this.pickEntry(text).click();
  }

  pickEntry(text: string): Locator {
    return this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: text });
  }

  notification(text: string | RegExp): Locator {
    return this.page.locator('.notifications-toasts .notification-list-item', { hasText: text });
  }

  async clickNotification(text: string | RegExp, button: string): Promise<void> {
    await this.notification(text).getByRole('button', { name: button }).click();
  }

  dialog(): Locator {
    return this.page.locator('.monaco-dialog-box');
  }

  statusBarItem(id: string): Locator {
    return this.page.locator(`.statusbar [id="${id}"]`);
  }

  /** A file or folder that the explorer shows. */
  file(name: string): Locator {
    return this.page.locator('.explorer-folders-view .monaco-list-row', { hasText: name });
  }

  /** Opens a file from the explorer; resolves once the editor shows the text. */
  async openFile(name: string, text: string): Promise<void> {
    await this.file(name).dblclick();
    await this.page.locator('.editor-instance .view-line', { hasText: text }).waitFor();
  }

  /** Puts a line at the end of the file in the active editor, and saves it. */
  async appendAndSave(line: string): Promise<void> {
    const editor = this.page.locator('.editor-instance .monaco-editor');
    await editor.locator('.view-line').last().click();
    await this.page.keyboard.press('Control+End');
    await this.page.keyboard.type(`${line}\n`);
    await editor.locator('.view-line', { hasText: line }).waitFor();
    await this.page.keyboard.press('Control+s');
  }

  async newTerminal(): Promise<void> {
    await this.page.keyboard.press('Control+Shift+Backquote');
    await this.waitForTerminal(/[#$] ?\s*$/);
  }

  /** Searches all files of the folder; resolves once a file of that name is among the results. */
  async findInFiles(text: string, file: string): Promise<void> {
    await this.page.keyboard.press('Control+Shift+F');
    await this.page.locator('.search-view .search-widget .input').first().fill(text);
    await this.page.keyboard.press('Enter');
    await this.page.locator('.search-view .monaco-list-row', { hasText: file }).waitFor();
  }

  /** Types a line into the active terminal. */
  async typeInTerminal(line: string): Promise<void> {
    await this.terminal().locator('.xterm').click();
    await this.page.keyboard.type(line);
    await this.page.keyboard.press('Enter');
  }

  /** Resolves once the active terminal shows the text. */
  async waitForTerminal(pattern: RegExp): Promise<string> {
    const rows = this.terminal().locator('.xterm-rows');
    await rows.filter({ hasText: pattern }).waitFor();
    return rows.innerText();
  }

  /** Resolves once the newest of that many terminals is shown and has the focus, which it takes late. */
  async waitForTerminals(count: number): Promise<void> {
    const newest = this.page.locator('.terminal-group .terminal-wrapper').nth(count - 1);
    await newest.and(this.terminal()).locator('.xterm.focus').waitFor();
  }

  /** The terminal that is shown. */
  terminal(): Locator {
    return this.page.locator('.terminal-wrapper.active');
  }
}
