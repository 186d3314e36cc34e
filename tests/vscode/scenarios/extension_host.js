// Runs the extension's own tests inside the extension host, with the extension as the folder of its sources.

/** @param {import('../driver/stage.js').Stage} stage */
export default async function (stage) {
  await stage.start();
  const at = (/** @type {string} */ file) =>
    `vscode-remote://127.0.0.1:${stage.server.port}${stage.wishes.sources}/${file}`;
  const payload = [
    ['extensionDevelopmentPath', at('')],
    ['extensionTestsPath', at('out/test/index.js')],
    ['skipWelcome', 'true'],
  ];
  /** @type {(code: number) => void} */
  let ended = () => undefined;
  const code = new Promise((resolve) => (ended = resolve));
  /** @type {string[]} */
  const log = [];
  await stage.open({
    query: { payload: JSON.stringify(payload) },
    // VS Code calls these two when the tests say something, and when they end.
    prepare: async (page) => {
      await page.exposeFunction('codeAutomationExit', (/** @type {number} */ it) => ended(it));
      await page.exposeFunction('codeAutomationLog', (/** @type {string} */ type, /** @type {unknown[]} */ words) =>
        log.push([type, ...words].join(' ')),
      );
    },
  });
  return { code: await code, log };
}
