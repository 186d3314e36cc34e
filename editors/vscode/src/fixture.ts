// What unit tests are made of.

import type { TaskState, TaskView, Usage } from './protocol';

export const NO_USAGE: Usage = {
  requests: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  costMicros: 0,
};

/** A task in a state; what else matters to a test is said in `more`. */
export function task(state: TaskState, more: Partial<TaskView> = {}): TaskView {
  return {
    id: 't-1',
    session: 's-1',
    workspace: '/shop',
    title: 'TODO: reject empty names',
    origin: { kind: 'todo', path: 'src/user.rs', line: 11, text: 'TODO: reject empty names' },
    state,
    usage: NO_USAGE,
    createdMs: 1,
    changedMs: 2,
    revision: 1,
    ...more,
  };
}
