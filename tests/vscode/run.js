// Runs one scenario for a Rust test: `node run.js NAME`, with the test's wishes as the first line of standard input.
// Steps and the outcome go to standard output, one JSON object a line. The end of standard input ends everything.

import { Stage } from './driver/stage.js';
import { Talk } from './driver/talk.js';

const name = process.argv[2];
const talk = new Talk(process.stdin, process.stdout);
const wishes = /** @type {import('./driver/stage.js').Wishes} */ (await talk.hear());
const stage = new Stage(wishes, talk);
talk.onEnd(() => void stage.close().finally(() => process.exit(2)));

try {
  const scenario = await import(`./scenarios/${name}.js`);
  const outcome = await scenario.default(stage);
  await stage.close();
  talk.say({ outcome: outcome ?? {} });
} catch (error) {
  const kept = await stage.keepEvidence();
  await stage.close();
  talk.say({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error), kept });
  process.exitCode = 1;
}
talk.close();
