// One window of VS Code, as the person in front of it: what they see, what they click and type.

import fs from 'node:fs';
import path from 'node:path';

/** How long anything may take that needs no container, and what needs one. Milliseconds. */
export const SHORT = 60_000;
export const LONG = 240_000;

/** How long to wait for what one try brings, before it is tried again. */
const TRY = 15_000;

export class Window {
  /**
   * @param {import('playwright-core').Page} page
   * @param {string} pictures
   */
  constructor(page, pictures) {
    this.page = page;
    this.pictures = pictures;
    /** @type {string[]} */
    this.console = [];
    page.setDefaultTimeout(SHORT);
    page.on('console', (message) => this.console.push(`${message.type()}: ${message.text()}`));
    // A page with unsaved text asks before it goes.
    page.on('dialog', (dialog) => void dialog.accept());
  }

  /** Waits until the files are listed and the extension says that it is up. */
  async ready() {
    await this.page.locator('.explorer-folders-view .monaco-list-row').first().waitFor();
    await this.statusItem.waitFor();
  }

  /** The extension's item in the status bar. */
  get statusItem() {
    return this.page.locator('.statusbar-item[id="aca.aca.aca.status"]');
  }

  /** The editor that was used last. */
  get editor() {
    return this.page.locator('.editor-group-container.active .editor-instance');
  }

  /**
   * Opens a file by its name, as Go to File does, and waits until its tab is in front.
   * @param {string} name
   */
  async openFile(name) {
    const label = path.basename(name);
    await this.retried(async () => {
      await this.page.keyboard.press('Control+P');
      await this.quickInput.waitFor({ state: 'visible', timeout: TRY });
      await this.quickInput.fill(name, { timeout: TRY });
      await this.page.locator('.quick-input-list .monaco-list-row', { hasText: label }).first().click({ timeout: TRY });
      // A list that is filled anew under the pointer takes no click.
      await this.tab(label).waitFor({ timeout: TRY });
    });
    // The tab is there before its text.
    await this.editor.locator(`.monaco-editor[data-uri$="/${label}"] .view-line`).first().waitFor();
  }

  /**
   * The tab in front, if its label is this one.
   * @param {string} label
   */
  tab(label) {
    return this.page.locator(`.tab.active[data-resource-name="${label}"]`);
  }

  get quickInput() {
    return this.page.locator('.quick-input-widget input.input');
  }

  /**
   * Runs a command from the palette by its whole label.
   * @param {string} title
   */
  async command(title) {
    await this.retried(async () => {
      await this.page.keyboard.press('F1');
      await this.quickInput.waitFor({ state: 'visible', timeout: TRY });
      await this.quickInput.fill(`>${title}`, { timeout: TRY });
      const label = JSON.stringify(title);
      const row = `.monaco-list-row[aria-label=${label}], .monaco-list-row[aria-label^=${JSON.stringify(`${title}, `)}]`;
      const found = this.page.locator('.quick-input-list').locator(row).first();
      await found.click({ timeout: TRY });
      await found.waitFor({ state: 'hidden', timeout: TRY });
    });
  }

  /** Says whether what is typed goes into the editor. */
  hasKeyboard() {
    return this.editor.evaluate((editor) => editor.contains(document.activeElement));
  }

  /**
   * The lenses that contain a text.
   * @param {string | RegExp} text
   */
  lens(text) {
    return this.page.locator('.codelens-decoration a', { hasText: text });
  }

  /** The tab of a review, while it is in front. */
  get review() {
    return this.page.locator('.tab.active[aria-label^="aca: "]');
  }

  /**
   * Opens the review by a lens that says so.
   * @param {string | RegExp} text
   */
  async reviewBy(text) {
    await this.lens(text).first().waitFor();
    await this.until(this.review, () => this.lens(text).first().click({ timeout: TRY }));
  }

  /**
   * Chooses what the lenses above a hunk offer, once exactly so many hunks offer it, and waits until one less does.
   * @param {string} choice
   * @param {{ hunk: number, of: number }} which Counted from the top, from zero.
   */
  async choose(choice, { hunk, of }) {
    const offers = this.lens(choice);
    await offers.nth(of - 1).waitFor();
    await offers.nth(of).waitFor({ state: 'detached' });
    await this.until(
      offers.nth(of - 1),
      async () => {
        // The order of elements is not the order on the screen, and lenses are drawn anew at any time.
        const lenses = await offers.evaluateAll((elements) =>
          elements
            .map((element) => ({
              id: element.closest('.codelens-decoration')?.getAttribute('widgetid') ?? '',
              top: element.getBoundingClientRect().top,
            }))
            .sort((one, other) => one.top - other.top)
            .map(({ id }) => id),
        );
        if (lenses.length === of) {
          const lens = this.page.locator(`.codelens-decoration[widgetid="${lenses[hunk]}"] a`, { hasText: choice });
          await lens.click({ timeout: TRY });
        }
      },
      'detached',
    );
  }

  /**
   * A notification that contains a text.
   * @param {string | RegExp} text
   */
  notification(text) {
    return this.page.locator('.notification-list-item:visible', { hasText: text });
  }

  /**
   * Waits until there is a notification with a text. One that was not looked at for some seconds is only in the list.
   * @param {string | RegExp} text
   */
  async notified(text) {
    const notification = this.notification(text).first();
    await this.until(notification, () =>
      notification.waitFor({ timeout: TRY }).catch(() => this.command('Notifications: Show Notifications')),
    );
  }

  /**
   * Presses a button of a notification, which goes by that.
   * @param {string | RegExp} text
   * @param {string} button
   */
  async press(text, button) {
    const notification = this.notification(text).first();
    await this.notified(text);
    const pressed = notification.locator('.monaco-button', { hasText: button });
    await this.until(notification, () => pressed.click({ timeout: TRY }), 'hidden');
  }

  /**
   * Takes away every notification, once one with this text is shown: one that comes later would lie over something.
   * @param {string | RegExp} text
   */
  async dismiss(text) {
    await this.notified(text);
    await this.until(
      this.notification(/./).first(),
      () => this.command('Notifications: Clear All Notifications'),
      'hidden',
    );
  }

  /**
   * The comment threads that contain a text, in their title or in their words.
   * @param {string} text
   */
  thread(text) {
    return this.page.locator('.review-widget', { hasText: text });
  }

  /**
   * Chooses one of the links that a thread offers, and waits until no thread says this any more.
   * @param {string} thread
   * @param {string} choice
   */
  async act(thread, choice) {
    const link = this.thread(thread).first().locator('.comment-body a', { hasText: choice });
    await link.waitFor();
    await this.until(this.thread(thread), () => link.click({ timeout: TRY }), 'detached');
  }

  /**
   * Replies to a thread, which sends a remark to the agent.
   * @param {string} thread
   * @param {string} words
   */
  async reply(thread, words) {
    const widget = this.thread(thread).first();
    const form = widget.locator('.comment-form .monaco-editor');
    const box = widget.locator('.review-thread-reply-button:visible, .comment-form .monaco-editor:visible');
    await this.until(widget.locator('.comment-form .monaco-editor.focused'), () => box.first().click({ timeout: TRY }));
    await this.page.keyboard.type(words);
    const typed = form.locator('.view-line', { hasText: words.replaceAll(' ', '\u00a0') });
    await typed.waitFor();
    const send = widget.locator('.form-actions .monaco-button', { hasText: 'Send to the Agent' });
    await this.until(typed, () => send.click({ timeout: TRY }), 'detached');
  }

  /**
   * A row of the view of tasks.
   * @param {string} text
   */
  row(text) {
    return this.page.locator('.pane-body .monaco-list-row', { hasText: text });
  }

  /** Opens the review of the only task that is ready. */
  async reviewAgain() {
    await this.until(this.review, () => this.command('aca: Review Changes'));
    await this.lens(/Accept|Keep Mine/)
      .first()
      .waitFor();
  }

  /**
   * What a file says in this window, saved or not.
   * @param {string} name
   */
  async textOf(name) {
    await this.openFile(name);
    return this.text();
  }

  /**
   * Replaces a text that is to be seen, by typing.
   * @param {string} old
   * @param {string} text
   */
  async replace(old, text, editor = this.editor) {
    const spaced = old.replaceAll(' ', '\u00a0');
    const line = editor.locator('.view-line', { hasText: spaced }).first();
    const shown = (await line.textContent()) ?? '';
    await line.click({ position: { x: 2, y: 4 } });
    await this.page.keyboard.press('Home');
    await this.page.keyboard.press('Home');
    for (let steps = shown.indexOf(spaced); steps > 0; steps--) {
      await this.page.keyboard.press('ArrowRight');
    }
    for (let steps = old.length; steps > 0; steps--) {
      await this.page.keyboard.press('Shift+ArrowRight');
    }
    await this.page.keyboard.type(text);
  }

  /** The visible lines of an editor, in their order on the screen, once they are drawn. */
  async text(editor = this.editor) {
    const look = () =>
      editor.first().evaluate((element) => {
        const read = () =>
          Array.from(element.querySelectorAll('.view-line'))
            .map((line) => ({ top: line.getBoundingClientRect().top, text: line.textContent ?? '' }))
            .sort((one, other) => one.top - other.top)
            .map((line) => line.text.replaceAll('\u00a0', ' '))
            .join('\n');
        // What changes is drawn with one of the next frames.
        const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
        return frame().then(frame).then(read);
      });
    const deadline = Date.now() + SHORT;
    for (let before = await look(); ;) {
      const now = await look();
      if ((now !== '' && now === before) || Date.now() > deadline) {
        return now;
      }
      before = now;
    }
  }

  /**
   * Waits until a text is in a file that is shown.
   * @param {string} text
   */
  async shows(text) {
    await this.editor
      .locator('.view-line', { hasText: text.replaceAll(' ', '\u00a0') })
      .first()
      .waitFor();
  }

  /**
   * Puts the cursor at the end of the first visible line that contains a text.
   * @param {string} text
   */
  async goTo(text, editor = this.editor) {
    const line = editor.locator('.view-line', { hasText: text.replaceAll(' ', '\u00a0') }).first();
    await line.click({ position: { x: 2, y: 4 } });
    await this.page.keyboard.press('End');
  }

  /**
   * Types a line of its own above the first visible one that contains a text.
   * @param {string} text
   * @param {string} line
   */
  async typeAbove(text, line) {
    await this.goTo(text);
    await this.page.keyboard.press('Home');
    await this.page.keyboard.press('Home');
    await this.page.keyboard.type(`${line}\n`);
  }

  /**
   * Saves a file that has unsaved text, and waits until its tab says so.
   * @param {string} name
   */
  async save(name) {
    await this.openFile(name);
    const dirty = this.page.locator(`.tab.active.dirty[data-resource-name="${path.basename(name)}"]`);
    await dirty.waitFor();
    await this.until(dirty, () => this.page.keyboard.press('Control+S'), 'detached');
  }

  /**
   * Keeps a picture of the window.
   * @param {string} name
   */
  async picture(name) {
    fs.mkdirSync(this.pictures, { recursive: true });
    await this.page.screenshot({ path: path.join(this.pictures, `${name}.png`) });
  }

  /**
   * Does something until it has brought what it is for: a click that comes while VS Code draws something anew, or under a
   * notification, brings nothing.
   * @param {import('playwright-core').Locator} locator
   * @param {() => Promise<unknown>} attempt
   * @param {'visible' | 'hidden' | 'detached'} [state]
   */
  async until(locator, attempt, state = 'visible') {
    const deadline = Date.now() + SHORT;
    for (;;) {
      try {
        await attempt();
        await locator.first().waitFor({ state, timeout: TRY });
        return;
      } catch (error) {
        if (await isSo(locator.first(), state)) {
          return;
        }
        if (Date.now() > deadline) {
          throw error;
        }
      }
    }
  }

  /**
   * What steals the focus while a window starts also closes a quick input: it is opened again.
   * @param {() => Promise<void>} attempt
   */
  async retried(attempt) {
    const deadline = Date.now() + SHORT;
    for (;;) {
      try {
        await attempt();
        return;
      } catch (error) {
        if (Date.now() > deadline) {
          throw error;
        }
        await this.page.keyboard.press('Escape');
      }
    }
  }
}

/**
 * @param {import('playwright-core').Locator} locator
 * @param {'visible' | 'hidden' | 'detached'} state
 */
async function isSo(locator, state) {
  return state === 'detached' ? (await locator.count()) === 0 : (await locator.isVisible()) === (state === 'visible');
}
