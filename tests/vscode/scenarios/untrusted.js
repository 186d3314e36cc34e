// A folder that its user does not trust: nothing of aca runs there, until they do.

/** @param {import('../driver/stage.js').Stage} stage */
export default async function (stage) {
  const window = await stage.open();
  await window.page.locator('.explorer-folders-view .monaco-list-row').first().waitFor();
  await window.openFile('user.rs');
  await window.page.locator('.statusbar-item[id="status.workspaceTrust"]').waitFor();
  await window.until(window.quickInput, () => window.page.keyboard.press('F1'));
  await window.quickInput.fill('>aca: ');
  const rows = window.page.locator('.quick-input-list .monaco-list-row');
  await rows.first().waitFor();
  const labels = await rows.evaluateAll((elements) =>
    elements.map((element) => element.getAttribute('aria-label') ?? ''),
  );
  await window.picture('1-restricted');
  await window.until(window.quickInput, () => window.page.keyboard.press('Escape'), 'hidden');
  await stage.step('restricted', {
    commands: labels.filter((label) => label.startsWith('aca:')),
    items: await window.statusItem.count(),
    lenses: await window.lens(/./).count(),
  });

  await window.command('Workspaces: Manage Workspace Trust');
  const trust = window.page.locator('.workspace-trust-editor .monaco-button', { hasText: /^Trust$/ });
  await trust.waitFor();
  await window.until(window.statusItem, async () => {
    if (await trust.isVisible()) {
      await trust.click();
    }
  });
  await window.openFile('user.rs');
  await window.lens('Do this').waitFor();
  await window.picture('2-trusted');
}
