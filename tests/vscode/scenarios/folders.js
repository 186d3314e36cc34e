// A workspace of two folders, a file that is in neither, and a window without any folder, whose file's project has a task.

import { LONG } from '../driver/window.js';

/** @param {import('../driver/stage.js').Stage} stage */
export default async function (stage) {
  const { outside } = /** @type {{ outside: string }} */ (stage.wishes.more);
  await stage.start();
  const payload = JSON.stringify([['openFile', `vscode-remote://127.0.0.1:${stage.server.port}${outside}`]]);
  const window = await stage.open({ query: { payload } });
  await window.ready();
  await window.tab('notes.py').waitFor();
  await window.openFile('stock.rs');
  await window.lens('Do this').click();
  await window.lens(/hunks?: review/).waitFor({ timeout: LONG });
  await window.openFile('user.rs');
  await window.lens('Do this').waitFor();
  await window.command('aca: Focus on Tasks View');
  await window.row('count boxes').waitFor();
  await window.dismiss('is ready');
  await window.picture('1-two-folders');
  // A file outside of the folders is none of their business, and that is said to who asks for it.
  await window.openFile('notes.py');
  await window.goTo('TODO: sort these');
  await window.command('aca: Do TODO at Cursor');
  // A message without a choice goes by itself.
  const said = await window.notification('notes.py').textContent();
  await window.picture('2-outside');
  await stage.step('outside', { said, lenses: await window.lens('Do this').count() });
  await window.until(window.review, () => window.command('aca: Review Changes'));
  await window.command('aca: Accept All');
  await window.review.waitFor({ state: 'hidden' });
  await stage.step('decided', await window.textOf('stock.rs'));

  // Where no folder is open, a file belongs to the project that it lies in, with the tasks of that.
  const bare = await stage.open({ folder: null, query: { payload } });
  await bare.tab('notes.py').waitFor();
  await bare.command('aca: Focus on Tasks View');
  await bare.row('sort these').waitFor();
  await bare.lens('1 hunk: review').waitFor();
  await bare.page.reload();
  await bare.tab('notes.py').waitFor();
  await bare.command('aca: Focus on Tasks View');
  await bare.row('sort these').waitFor();
  await bare.lens('1 hunk: review').waitFor();
  await bare.picture('3-no-folder');
}
