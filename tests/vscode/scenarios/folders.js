// A workspace of two folders, and a file that is in neither.

import { LONG } from '../driver/window.js';

/** @param {import('../driver/stage.js').Stage} stage */
export default async function (stage) {
  const { outside } = /** @type {{ outside: string }} */ (stage.wishes.more);
  const authority = () => `127.0.0.1:${stage.server.port}`;
  await stage.start();
  const payload = JSON.stringify([['openFile', `vscode-remote://${authority()}${outside}`]]);
  const window = await stage.open({ query: { payload } });
  await window.ready();
  await window.tab('notes.py').waitFor();
  await window.lens('Do this').waitFor();
  await window.picture('1-outside');
  await window.openFile('stock.rs');
  await window.lens('Do this').click();
  await window.lens(/hunks?: review/).waitFor({ timeout: LONG });
  await window.openFile('user.rs');
  await window.lens('Do this').waitFor();
  await window.command('aca: Focus on Tasks View');
  await window.row('warehouse').waitFor();
  await window.picture('2-two-folders');
  await window.dismissNotifications();
  await window.command('aca: Review Changes');
  await window.review.waitFor();
  await window.command('aca: Accept All');
  await window.review.waitFor({ state: 'hidden' });
  await stage.step('decided');
}
