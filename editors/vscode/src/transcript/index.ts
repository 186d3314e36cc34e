// Transcripts: for each task a document that says what its agent was asked, said and did, and grows while it works.

import * as vscode from 'vscode';
import type { Ctx } from '../ctx';
import { pickTask } from '../pick';
import * as aca from '../protocol';
import type { Owned } from '../review/state';
import { encode } from '../review/text';
import { isAtWork } from '../words';
import { End } from './end';
import { capped, newContext, recordText, roundText, titleText, type Context } from './text';

const SCHEME = 'aca-transcript';

/** The least time between two changes of a document. */
const PACE_MS = 250;

/** How much of a task's title a tab has room for, in characters. */
const MAX_TITLE = 40;

interface Round {
  attempt: aca.AttemptId;
  /** Where to go on. */
  next: number;
  context: Context;
}

interface Open {
  text: string;
  rounds: Round[];
  /** Counts the changes of the text. */
  version: number;
  loading: Promise<void> | undefined;
  /** Whether there was news while it was being loaded. */
  isStale: boolean;
  timer: NodeJS.Timeout | undefined;
}

export function registerTranscript(ctx: Ctx): Owned {
  return new Transcripts(ctx);
}

class Transcripts implements vscode.FileSystemProvider, Owned {
  private readonly open = new Map<aca.TaskId, Open>();
  private readonly changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  private readonly own: Owned[];

  readonly onDidChangeFile = this.changed.event;

  constructor(private readonly ctx: Ctx) {
    ctx.command('aca.showTranscript', (argument) => this.show(argument));
    this.own = [
      this.changed,
      new End(SCHEME),
      vscode.workspace.registerFileSystemProvider(SCHEME, this, { isCaseSensitive: true, isReadonly: true }),
      ctx.onTranscript(({ task }) => {
        this.follow(task);
      }),
      ctx.onTask((task) => {
        const rounds = this.open.get(task.id)?.rounds;
        if (rounds !== undefined && rounds.at(-1)?.attempt !== task.attempt) {
          this.follow(task.id);
        }
      }),
      ctx.onRunning((running) => {
        if (running) {
          // The server tells news only to a connection that has asked.
          this.open.forEach((_, task) => {
            this.follow(task);
          });
        }
      }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        if (uri.scheme === SCHEME) {
          this.close(taskOf(uri));
        }
      }),
    ];
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const { text, version } = await this.loaded(taskOf(uri));
    return {
      type: vscode.FileType.File,
      ctime: 0,
      mtime: version,
      size: encode(text).length,
      permissions: vscode.FilePermission.Readonly,
    };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return encode((await this.loaded(taskOf(uri))).text);
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  readDirectory(): [string, vscode.FileType][] {
    return [];
  }

  createDirectory(): void {
    throw vscode.FileSystemError.NoPermissions();
  }

  writeFile(): void {
    throw vscode.FileSystemError.NoPermissions();
  }

  delete(): void {
    throw vscode.FileSystemError.NoPermissions();
  }

  rename(): void {
    throw vscode.FileSystemError.NoPermissions();
  }

  dispose(): void {
    for (const task of this.open.keys()) {
      this.close(task);
    }
    vscode.Disposable.from(...this.own).dispose();
  }

  private async show(argument: unknown): Promise<void> {
    const task = await pickTask(this.ctx, argument, {
      fits: (task) => task.attempt !== undefined,
      question: "Which task's transcript to show?",
      none: 'No task has a transcript yet.',
    });
    if (task !== undefined) {
      const editor = await vscode.window.showTextDocument(addressOf(task));
      if (isAtWork(task.state)) {
        // What is told next then stays in view.
        const line = editor.document.lineCount - 1;
        editor.revealRange(new vscode.Range(line, 0, line, 0));
      }
    }
  }

  /** Returns a transcript that is read, or is read from now on. */
  private async loaded(task: aca.TaskId): Promise<Open> {
    let open = this.open.get(task);
    if (open === undefined) {
      open = { text: '', rounds: [], version: Date.now(), loading: undefined, isStale: false, timer: undefined };
      this.open.set(task, open);
      open.loading = this.load(task, open);
    }
    if (open.rounds.length === 0) {
      await open.loading;
    }
    return open;
  }

  private close(task: aca.TaskId): void {
    clearTimeout(this.open.get(task)?.timer);
    this.open.delete(task);
  }

  /** Reads on in a transcript after a while, for all news until then. */
  private follow(task: aca.TaskId): void {
    const open = this.open.get(task);
    if (open === undefined || open.timer !== undefined) {
      return;
    }
    open.timer = setTimeout(() => {
      open.timer = undefined;
      if (open.loading !== undefined) {
        open.isStale = true;
        return;
      }
      open.loading = this.load(task, open).catch((error: unknown) => {
        this.ctx.log.warn(`The transcript of ${task} cannot be read: ${String(error)}`);
      });
    }, PACE_MS);
  }

  private async load(task: aca.TaskId, open: Open): Promise<void> {
    const before = open.text;
    try {
      await this.readOn(task, open);
    } finally {
      open.loading = undefined;
      if (open.text !== before) {
        open.text = capped(open.text);
        open.version += 1;
        this.fire(task);
      }
      if (open.isStale) {
        open.isStale = false;
        this.follow(task);
      }
    }
  }

  /** Reads what is new: of the round that is known last, then of the rounds after it. */
  private async readOn(task: aca.TaskId, open: Open): Promise<void> {
    await this.ctx.ready();
    const view = this.ctx.tasks.get(task);
    if (view === undefined) {
      throw vscode.FileSystemError.Unavailable('This task is not there any more.');
    }
    if (open.text === '') {
      open.text = titleText(view);
    }
    const known = open.rounds.length;
    const last = open.rounds.at(-1);
    if (last !== undefined) {
      await this.readRound(task, open, last);
      if (last.attempt === view.attempt) {
        return;
      }
    }
    const { attempts = [] } = await this.ctx.request(aca.Transcript, { task, from: 0 });
    for (const [index, attempt] of attempts.entries()) {
      if (index >= known) {
        const round = { attempt: attempt.id, next: 0, context: newContext() };
        open.rounds.push(round);
        open.text += roundText(view, attempt, index + 1);
        await this.readRound(task, open, round);
      }
    }
  }

  private async readRound(task: aca.TaskId, open: Open, round: Round): Promise<void> {
    for (let more = true; more;) {
      const page = await this.ctx.request(aca.Transcript, { task, attempt: round.attempt, from: round.next });
      open.text += page.records.map((record) => recordText(record, round.context)).join('');
      round.next = page.next;
      more = page.more ?? false;
    }
  }

  private fire(task: aca.TaskId): void {
    for (const { uri } of vscode.workspace.textDocuments) {
      if (uri.scheme === SCHEME && taskOf(uri) === task) {
        this.changed.fire([{ type: vscode.FileChangeType.Changed, uri }]);
      }
    }
  }
}

/** The document's name ends like markdown, so that it is shown as such. */
function addressOf(task: aca.TaskView): vscode.Uri {
  const title = task.title.replace(/[\\/:*?"<>|\s]+/g, ' ').trim();
  const characters = Array.from(title);
  const short = characters.length <= MAX_TITLE ? title : `${characters.slice(0, MAX_TITLE).join('').trimEnd()}…`;
  return vscode.Uri.from({ scheme: SCHEME, path: `/${task.id}/${short}.md` });
}

function taskOf(uri: vscode.Uri): aca.TaskId {
  return uri.path.split('/')[1] ?? '';
}
