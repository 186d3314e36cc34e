// A TODO becomes a task by its lens, and the task becomes a review.

import { LONG } from '../driver/window.js';

/** @param {import('../driver/stage.js').Stage} stage */
export default async function (stage) {
  const window = await stage.open();
  await window.ready();
  await window.openFile('user.rs');
  await window.lens('Do this').waitFor();
  await window.picture('1-lens');
  await window.lens('Do this').click();
  await window
    .lens(/review/i)
    .first()
    .waitFor({ timeout: LONG });
  await window.picture('2-ready');
  await stage.step('ready', await window.text());
}
