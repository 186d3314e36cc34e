// The `aca/*` protocol: a mirror of the Rust types in `protocol/src`. What each means is in `protocol/README.md`.
// The number stands for those types: a test asks to look here when they change.
// protocol/src: 4c22fa93ff1340fc

export type TaskId = string;
export type SessionId = string;
export type AttemptId = string;
export type HunkId = string;
export type OperationId = string;

export type Origin =
  | { kind: 'todo'; path: string; line: number; text: string }
  | { kind: 'selection'; path: string; startLine: number; endLine: number; code: string; instruction: string }
  | { kind: 'text'; text: string };

export type TaskState =
  | { name: 'queued' }
  | { name: 'preparing'; step: string }
  | { name: 'running'; activity: string; sinceMs: number }
  | { name: 'paused' }
  | { name: 'verifying'; sinceMs: number }
  | { name: 'stopping' }
  | { name: 'stopped' }
  | { name: 'ready'; pending: number; conflicts: number }
  | { name: 'nothingToDo'; summary: string }
  | { name: 'landed'; accepted: number; rejected: number }
  | { name: 'rejected' }
  | { name: 'failed'; reason: string }
  | { name: 'lost'; reason: string };

export interface Usage {
  requests: number;
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  costMicros: number;
}

export type Recovery = 'again' | 'continue' | 'take';

export interface TaskView {
  id: TaskId;
  session: SessionId;
  workspace: string;
  title: string;
  origin: Origin;
  state: TaskState;
  attempt?: AttemptId;
  usage: Usage;
  recovery?: Recovery[];
  createdMs: number;
  changedMs: number;
  revision: number;
}

export type FileChange =
  | { kind: 'modify' | 'create' | 'delete' | 'binary' }
  | { kind: 'rename'; from: string }
  | { kind: 'mode'; executable: boolean }
  | { kind: 'unsupported'; reason: string };

export type HunkState =
  | { name: 'clean' | 'moved' | 'alreadyThere' | 'landed' | 'rejected' }
  | { name: 'touched'; merged: string }
  | { name: 'overlapping'; live: string }
  | { name: 'gone'; reason: string };

export interface HunkView {
  id: HunkId;
  state: HunkState;
  line: number;
  lines: number;
  old: string;
  new: string;
  amended?: boolean;
  reason?: { why: string; verified: boolean; calls?: string[] };
  needs?: HunkId[];
  since?: 'same' | 'changed';
  seen: number;
}

export interface FileView {
  path: string;
  change: FileChange;
  hunks: HunkView[];
}

export type CheckState =
  | { name: 'running' }
  | { name: 'passed' }
  | { name: 'failed'; code: number | null }
  | { name: 'broken'; reason: string };

export interface Finding {
  path: string;
  line: number;
  error: boolean;
  message: string;
  hunk?: HunkId;
}

export interface CheckView {
  command: string;
  hunks?: HunkId[];
  state: CheckState;
  findings?: Finding[];
  output?: string;
}

export interface ProposalView {
  task: TaskId;
  summary: string;
  round: number;
  note?: string;
  check?: CheckView;
  files: FileView[];
  revision: number;
}

/** One file of a proposal as the two sides of a diff: what it says now, and what it would say. */
export interface ProposalFileResult {
  task: TaskId;
  path: string;
  revision: number;
  live: string | null;
  proposed: string | null;
  hunks: { id: HunkId; line: number; lines: number; proposedLine: number; proposedLines: number }[];
  editable: boolean;
  reason?: string;
}

export type Decision = 'accept' | 'reject' | 'reopen';

export type Resolution = 'agent' | 'both';

export type Selection = { kind: 'hunks'; ids: HunkId[] } | { kind: 'file'; path: string } | { kind: 'all' };

export interface Refusal {
  hunk: HunkId;
  reason: string;
}

export interface DecideParams {
  task: TaskId;
  decision: Decision;
  selection: Selection;
  resolution?: Resolution;
  seen?: number;
}

export interface DecideResult {
  decided: HunkId[];
  refused: Refusal[];
  warnings?: string[];
  operation?: OperationId;
  proposal: ProposalView;
}

export interface UndoResult {
  operation?: OperationId;
  hunks: HunkId[];
  refused: Refusal[];
  proposal: ProposalView;
}

export interface OperationView {
  id: OperationId;
  task: TaskId;
  undoes?: OperationId;
  atMs: number;
  paths: string[];
  hunks: HunkId[];
}

export interface CheckCommandResult {
  command?: string;
  from?: string;
  confirmed: boolean;
}

export interface AttemptBrief {
  id: AttemptId;
  backend?: string;
  model?: string;
  remark?: string;
  ended: boolean;
}

export type RecordBody =
  | { type: 'started'; agent: string }
  | { type: 'prompted' | 'stop-asked' | 'paused' | 'resumed' }
  | { type: 'said' | 'watchdog' | 'told'; text: string }
  | { type: 'tool-use'; id: string; tool: string; about: string }
  | { type: 'tool-result'; id: string; ok: boolean; text: string }
  | { type: 'retry'; attempt: number; max: number; delay_ms: number; reason: string }
  | { type: 'interrupted'; reason: string; attempt: number; max: number }
  | { type: 'noise'; from: string; text: string };

export interface TranscriptRecord {
  seq: number;
  atMs: number;
  body: RecordBody;
}

export interface TranscriptResult {
  attempt?: AttemptId;
  attempts?: AttemptBrief[];
  records: TranscriptRecord[];
  next: number;
  more?: boolean;
}

export interface SessionInfo {
  id: SessionId;
  workspace: string;
  name?: string;
  current: boolean;
  open: boolean;
  usage: Usage;
  problem?: string;
}

export interface UseRow {
  day: string;
  session: SessionId;
  workspace: string;
  task: TaskId;
  title: string;
  model?: string;
  usage: Usage;
}

export interface StatusResult {
  version: string;
  pid: number;
  workspaces: string[];
  running: number;
  problems: string[];
}

export interface ProposalChangedParams {
  task: TaskId;
  revision: number;
}

export interface TranscriptChangedParams {
  task: TaskId;
  attempt: AttemptId;
  seq: number;
}

export interface ConflictParams {
  task: TaskId;
  title: string;
  path: string;
  changed: boolean;
}

interface OfTask {
  task: TaskId;
}

interface OfWorkspace {
  workspace: string;
}

type Nothing = Record<string, never>;

/** A request by its method. Its parameters and its result are known to the compiler only. */
export interface Request<P, R> {
  readonly method: string;
  readonly params?: P;
  readonly result?: R;
}

/** A notification by its method. */
export interface Notification<P> {
  readonly method: string;
  readonly params?: P;
}

const request = <P, R>(method: string): Request<P, R> => ({ method });
const notification = <P>(method: string): Notification<P> => ({ method });

export const Run = request<OfWorkspace & { origin: Origin }, TaskView>('aca/run');
export const Tasks = request<OfWorkspace, { session: SessionId; tasks: TaskView[] }>('aca/tasks');
export const Stop = request<OfTask, TaskView>('aca/stop');
export const Pause = request<OfTask, TaskView>('aca/pause');
export const Resume = request<OfTask, TaskView>('aca/resume');
export const Recover = request<OfTask & { how: Recovery }, TaskView>('aca/recover');
export const Tell = request<OfTask & { text: string }, TaskView>('aca/tell');
export const SendBack = request<OfTask & { remark: string; redo?: HunkId[] }, TaskView>('aca/sendBack');
export const Proposal = request<OfTask, ProposalView>('aca/proposal');
export const ProposalFile = request<OfTask & { path: string }, ProposalFileResult>('aca/proposalFile');
export const EditProposal = request<OfTask & { path: string; base: string; text: string }, ProposalFileResult>(
  'aca/editProposal',
);
export const Decide = request<DecideParams, DecideResult>('aca/decide');
export const Check = request<OfTask & { selection: Selection }, ProposalView>('aca/check');
export const CheckCommand = request<OfWorkspace, CheckCommandResult>('aca/checkCommand');
export const ConfirmCheck = request<OfWorkspace & { command: string | null }, CheckCommandResult>('aca/confirmCheck');
export const Undo = request<OfWorkspace & { operation?: OperationId; hunks?: HunkId[] }, UndoResult>('aca/undo');
export const Operations = request<OfWorkspace, { operations: OperationView[] }>('aca/operations');
export const Transcript = request<OfTask & { attempt?: AttemptId; from: number }, TranscriptResult>('aca/transcript');
export const Sessions = request<Nothing, { sessions: SessionInfo[] }>('aca/sessions');
export const Use = request<{ sinceMs?: number }, { rows: UseRow[]; total: Usage }>('aca/usage');
export const Status = request<Nothing, StatusResult>('aca/status');

export const TaskChanged = notification<TaskView>('aca/taskChanged');
export const ProposalChanged = notification<ProposalChangedParams>('aca/proposalChanged');
export const TranscriptChanged = notification<TranscriptChangedParams>('aca/transcriptChanged');
export const Conflict = notification<ConflictParams>('aca/conflict');
export const StatusChanged = notification<StatusResult>('aca/statusChanged');
