// What each extension took to start, as VS Code itself says.

/** @param {import('../driver/stage.js').Stage} stage */
export default async function (stage) {
  const window = await stage.open();
  await window.ready();
  await window.openFile('package.json');
  await window.statusItem.getByText('idle').waitFor();
  await window.command('Developer: Show Running Extensions');
  const rows = window.page.locator('.runtime-extensions-editor .monaco-list-row');
  await rows.filter({ hasText: 'aca' }).first().waitFor();
  await window.picture('running-extensions');
  const all = await rows.evaluateAll((elements) =>
    elements.map((element) => ({
      name: element.querySelector('.name')?.textContent ?? '',
      time: element.querySelector('.activation-time')?.textContent ?? '',
    })),
  );
  // "Activation: 12ms", with "Startup" for those that everything waits for.
  return {
    milliseconds: Object.fromEntries(all.map(({ name, time }) => [name, Number(/(\d+)ms/.exec(time)?.[1])])),
    waitedFor: all.filter(({ time }) => time.includes('Startup')).map(({ name }) => name),
  };
}
