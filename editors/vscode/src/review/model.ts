// The proposals under review as the server last told them. Everything that is drawn is drawn from here.

import * as vscode from 'vscode';
import type { Ctx } from '../ctx';
import * as aca from '../protocol';
import { addressOf, fileUri } from './address';
import { undecided } from './layout';
import type { Owned } from './state';

/** How long the text of a file rests before its proposal is asked for again. */
const REST_MS = 100;

/** A proposal with the texts of those of its files that are open. All of it is of one revision. */
export interface Review {
  readonly proposal: aca.ProposalView;
  readonly files: ReadonlyMap<string, aca.ProposalFileResult>;
  /** Why hunks were not decided as a person wanted, until they are. */
  readonly refusals: ReadonlyMap<aca.HunkId, string>;
}

interface Entry {
  /** The files of which a proposed text is open. */
  readonly paths: Set<string>;
  /** Whether its hunks are shown in the files themselves. */
  inFile: boolean;
  review: Review | undefined;
  loading: Promise<Review> | undefined;
  next: Promise<Review> | undefined;
  timer: NodeJS.Timeout | undefined;
}

export class Reviews implements vscode.Disposable {
  private readonly entries = new Map<aca.TaskId, Entry>();
  private readonly changed = new vscode.EventEmitter<aca.TaskId>();
  private readonly own: Owned[];

  /** Fires when a review says something else. */
  readonly onDidChange = this.changed.event;

  constructor(private readonly ctx: Ctx) {
    this.own = [
      this.changed,
      ctx.onProposal(({ task }) => {
        this.follow(task);
      }),
      ctx.onTask(({ id }) => {
        // What can be decided depends on the task's state.
        if (this.entries.has(id)) {
          this.changed.fire(id);
        }
      }),
      ctx.onRunning((running) => {
        for (const task of this.entries.keys()) {
          if (running) {
            this.follow(task);
          }
        }
      }),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (document.uri.scheme === 'file' && contentChanges.length > 0) {
          this.fileChanged(document.uri);
        }
      }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        const address = addressOf(uri);
        this.entries.get(address?.task ?? '')?.paths.delete(address?.path ?? '');
      }),
    ];
  }

  /** Returns a review as it is known. */
  get(task: aca.TaskId): Review | undefined {
    return this.entries.get(task)?.review;
  }

  /** Returns the texts of a file. */
  async file(task: aca.TaskId, path: string): Promise<aca.ProposalFileResult> {
    return this.get(task)?.files.get(path) ?? this.ctx.request(aca.ProposalFile, { task, path });
  }

  /** Returns the texts of a file, which is kept up to date until its document is closed. */
  async followedFile(task: aca.TaskId, path: string): Promise<aca.ProposalFileResult> {
    const { paths } = this.entry(task);
    if (!paths.has(path)) {
      paths.add(path);
      await this.refresh(task);
    }
    // What goes wrong with one file is said where that file is asked for.
    return this.file(task, path);
  }

  /** Has the hunks of a task kept up to date in the files themselves, or not any more. */
  async showInFile(task: aca.TaskId, shown: boolean): Promise<void> {
    this.entry(task).inFile = shown;
    if (shown) {
      await this.refresh(task);
    } else {
      this.changed.fire(task);
    }
  }

  isInFile(task: aca.TaskId): boolean {
    return this.entries.get(task)?.inFile ?? false;
  }

  /** The tasks whose reviews are known. */
  tasks(): aca.TaskId[] {
    return [...this.entries.keys()];
  }

  /** Asks the server for a review. Questions that come while one is under way become one. */
  refresh(task: aca.TaskId): Promise<Review> {
    const entry = this.entry(task);
    if (entry.loading !== undefined) {
      entry.next ??= entry.loading
        .catch(() => undefined)
        .then(() => {
          entry.next = undefined;
          return this.refresh(task);
        });
      return entry.next;
    }
    entry.loading = this.load(task, entry).finally(() => {
      entry.loading = undefined;
    });
    return entry.loading;
  }

  /** Remembers why hunks were not decided, and forgets it for those that were. */
  decided(task: aca.TaskId, { decided, refused, proposal }: aca.DecideResult): void {
    const entry = this.entry(task);
    const refusals = new Map(entry.review?.refusals);
    for (const hunk of decided) {
      refusals.delete(hunk);
    }
    for (const { hunk, reason } of refused) {
      refusals.set(hunk, reason);
    }
    this.put(task, { proposal, files: entry.review?.files ?? new Map<string, never>(), refusals });
  }

  dispose(): void {
    for (const { timer } of this.entries.values()) {
      clearTimeout(timer);
    }
    vscode.Disposable.from(...this.own).dispose();
  }

  private entry(task: aca.TaskId): Entry {
    let entry = this.entries.get(task);
    if (entry === undefined) {
      entry = {
        paths: new Set(),
        inFile: false,
        review: undefined,
        loading: undefined,
        next: undefined,
        timer: undefined,
      };
      this.entries.set(task, entry);
    }
    return entry;
  }

  private async load(task: aca.TaskId, entry: Entry): Promise<Review> {
    const proposal = await this.ctx.request(aca.Proposal, { task });
    const answers = await Promise.allSettled(
      [...entry.paths].map((path) => this.ctx.request(aca.ProposalFile, { task, path })),
    );
    const files = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    if (files.some((file) => file.revision > proposal.revision)) {
      // It changed in between.
      return this.load(task, entry);
    }
    const open = new Set(undecided(proposal).map(({ hunk }) => hunk.id));
    const refusals = new Map([...(entry.review?.refusals ?? [])].filter(([hunk]) => open.has(hunk)));
    return this.put(task, { proposal, files: new Map(files.map((file) => [file.path, file])), refusals });
  }

  private put(task: aca.TaskId, review: Review): Review {
    this.entry(task).review = review;
    this.changed.fire(task);
    return review;
  }

  /** Asks again for a review that is shown somewhere. */
  private follow(task: aca.TaskId): void {
    const entry = this.entries.get(task);
    if (entry !== undefined && (entry.paths.size > 0 || entry.inFile)) {
      this.refresh(task).catch((error: unknown) => {
        this.ctx.log.warn(`The proposal of ${task} cannot be had: ${String(error)}`);
      });
    }
  }

  private fileChanged(uri: vscode.Uri): void {
    for (const [id, entry] of this.entries) {
      const task = this.ctx.tasks.get(id);
      if (task !== undefined && [...entry.paths].some((path) => fileUri(task, path).toString() === uri.toString())) {
        clearTimeout(entry.timer);
        entry.timer = setTimeout(() => {
          this.follow(id);
        }, REST_MS);
      }
    }
  }
}
