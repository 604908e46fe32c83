import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { chromium, type Browser, type Locator, type Page } from 'playwright-core';

const chromiumFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const screenshotDir = path.resolve('test-results');

/** VS Code's window in a browser, driven as a person would. Waits end after the page's default time-out. */
export class Workbench {
  private constructor(
    private readonly browser: Browser,
    readonly page: Page,
  ) {}

  static async open(executablePath: string, url: string): Promise<Workbench> {
    const browser = await chromium.launch({ executablePath, headless: true, args: chromiumFlags });
    try {
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      page.setDefaultTimeout(30_000);
      await page.goto(url);
      await page.locator('.monaco-workbench .part.activitybar').waitFor();
      return new Workbench(browser, page);
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.browser.close();
  }

  /** Writes a picture of the window, for people to look at. */
  async screenshot(name: string): Promise<void> {
    await fs.mkdir(screenshotDir, { recursive: true });
    await this.page.screenshot({ path: path.join(screenshotDir, `${name}.png`) });
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
    await row.click({ button: 'right' });
    // By keyboard: a menu ignores the mouse in its first moments, lest the click that opened it counts.
    await this.page.getByRole('menuitem', { name: entry, exact: true }).hover();
    await this.page.keyboard.press('Enter');
  }

  async runCommand(title: string): Promise<void> {
    await this.page.keyboard.press('F1');
    const input = this.page.locator('.quick-input-widget input');
    await input.fill(`>${title}`);
    await this.pickEntry(title).first().click();
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

  /** The terminal that is shown. */
  terminal(): Locator {
    return this.page.locator('.terminal-wrapper.active');
  }
}
