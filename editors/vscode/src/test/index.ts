// What VS Code calls in its extension host to run the tests: `run` of the module that it is given.
//
// The tests of logic are here. What a person sees is tested in tests/vscode of the repository.

import Mocha from 'mocha';

/** Where the results go as JSON, if anybody wants them. */
const RESULTS = process.env['ACA_TEST_RESULTS'];

/** Each of these is a file of tests; they run in this order, in one window. */
const FILES = [
  () => import('../config.test.js'),
  () => import('../life.test.js'),
  () => import('../pages.test.js'),
  () => import('../tasks.test.js'),
  () => import('../words.test.js'),
  () => import('../review/layout.test.js'),
  () => import('../review/text.test.js'),
  () => import('../review/words.test.js'),
  () => import('../transcript/text.test.js'),
  () => import('./activation.test.js'),
  () => import('./settings.test.js'),
  () => import('./lenses.test.js'),
  () => import('./language.test.js'),
  () => import('./tree.test.js'),
  () => import('./review.test.js'),
  () => import('./transcript.test.js'),
];

export async function run(): Promise<void> {
  const reporter = RESULTS === undefined ? {} : { reporter: 'json', reporterOptions: { output: RESULTS } };
  const mocha = new Mocha({ ui: 'tdd', timeout: 90_000, ...reporter });
  // Mocha makes `suite` and `test` known when it loads a file; these files are part of this one.
  mocha.suite.emit('pre-require', globalThis, null, mocha);
  for (const load of FILES) {
    await load();
  }
  const failures = await new Promise<number>((resolve) => {
    mocha.run(resolve);
  });
  if (failures > 0) {
    throw new Error(`${failures} tests failed.`);
  }
}
