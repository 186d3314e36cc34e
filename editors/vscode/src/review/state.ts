// What several parts of a review share.

import type { Ctx } from '../ctx';
import type { TaskId } from '../protocol';
import { isAtWork } from '../words';

/** Says whether hunks of a task can be decided: not while its agent works on the next round. */
export function isDecidable(ctx: Ctx, task: TaskId): boolean {
  const state = ctx.tasks.get(task)?.state;
  return state === undefined || !isAtWork(state);
}

/** Something that ends with its owner. */
export interface Owned {
  dispose(): unknown;
}
