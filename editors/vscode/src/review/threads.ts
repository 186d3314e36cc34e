// The comment threads of hunks: why a hunk is there, what speaks against it, what can be done, and a box for a remark.

import * as vscode from 'vscode';
import type { Ctx } from '../ctx';
import type { HunkId, TaskId } from '../protocol';
import { addressOf, fileUri } from './address';
import { openDocuments, type ProposalFiles } from './files';
import { placesInFile, placesInProposal, undecided, type Place } from './layout';
import { hasLenses } from './lenses';
import type { Review, Reviews } from './model';
import { isDecidable, type Owned } from './state';
import { CHOICES, threadText, type Choice, type ThreadText } from './words';

/** A hunk of a task. */
export interface Target {
  task: TaskId;
  hunk: HunkId;
}

interface Shown {
  /** What it is about; the server itself where there is no hunk. */
  target: Target;
  thread: vscode.CommentThread;
  markdown: string;
  isUrgent: boolean;
}

/** The thread at the top of a document that says that the server is away, in place of a hunk. */
const SERVER = '';

/** A thread as it should be. */
interface Wanted {
  target: Target;
  uri: vscode.Uri;
  /** Where it belongs; nothing while the document says something else than what the place is of. */
  range: vscode.Range | undefined;
  text: ThreadText;
}

export class Threads implements vscode.Disposable {
  private readonly controller = vscode.comments.createCommentController('aca.review', 'aca');
  private readonly shown = new Map<string, Shown>();
  private readonly own: Owned[];

  constructor(
    private readonly ctx: Ctx,
    private readonly reviews: Reviews,
    private readonly files: ProposalFiles,
  ) {
    this.controller.options = { prompt: 'Tell the agent what to change', placeHolder: 'Tell the agent what to change' };
    const redraw = (document: vscode.TextDocument): void => {
      const task = addressOf(document.uri)?.task;
      if (task !== undefined) {
        this.draw(task);
      }
    };
    this.own = [
      this.controller,
      reviews.onDidChange((task) => {
        this.draw(task);
      }),
      ctx.onHealth(() => {
        new Set(openDocuments().map(({ uri }) => addressOf(uri)?.task ?? '')).forEach((task) => {
          this.draw(task);
        });
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('diffEditor.codeLens')) {
          this.shown.forEach(({ thread, isUrgent }) => {
            thread.collapsibleState = stateOf(thread.uri, isUrgent);
          });
        }
      }),
      vscode.workspace.onDidOpenTextDocument(redraw),
      vscode.workspace.onDidSaveTextDocument(redraw),
      vscode.workspace.onDidCloseTextDocument(redraw),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        redraw(document);
      }),
    ];
  }

  /** Returns the hunk of a thread. */
  targetOf(thread: vscode.CommentThread): Target | undefined {
    return [...this.shown.values()].find((shown) => shown.thread === thread)?.target;
  }

  /** Opens the threads of a hunk. Says whether there is one. */
  expand({ task, hunk }: Target): boolean {
    const threads = [...this.shown.values()].filter(({ target }) => target.task === task && target.hunk === hunk);
    for (const { thread } of threads) {
      // The editor tells nobody that a person has closed a thread: to say `Expanded` again would change nothing.
      thread.collapsibleState = vscode.CommentThreadCollapsibleState.Collapsed;
      thread.collapsibleState = vscode.CommentThreadCollapsibleState.Expanded;
    }
    return threads.length > 0;
  }

  dispose(): void {
    vscode.Disposable.from(...this.own).dispose();
  }

  private draw(task: TaskId): void {
    const review = this.reviews.get(task);
    const hunks = review === undefined ? [] : [...this.inProposals(task, review), ...this.inFiles(task, review)];
    const wanted = [...hunks, ...this.aboutServer(task)];
    const keys = new Set(wanted.map(keyOf));
    for (const [key, { target, thread }] of this.shown) {
      if (target.task === task && !keys.has(key)) {
        thread.dispose();
        this.shown.delete(key);
      }
    }
    wanted.forEach((thread) => {
      this.put(thread);
    });
  }

  private inProposals(task: TaskId, review: Review): Wanted[] {
    return openDocuments(task).flatMap((document) => {
      const file = review.files.get(addressOf(document.uri)?.path ?? '');
      if (file === undefined) {
        return [];
      }
      const isSettled = this.files.isSettled(document);
      return placesInProposal(review.proposal, file).map((place) => ({
        target: { task, hunk: place.hunk.id },
        uri: document.uri,
        range: isSettled ? rangeOf(place, document) : undefined,
        text: this.text(task, review, place, false),
      }));
    });
  }

  private inFiles(task: TaskId, review: Review): Wanted[] {
    const view = this.ctx.tasks.get(task);
    if (view === undefined || !this.reviews.isInFile(task)) {
      return [];
    }
    const paths = new Set(undecided(review.proposal).map((place) => place.path));
    return [...paths].flatMap((path) => {
      const uri = fileUri(view, path);
      const document = vscode.workspace.textDocuments.find((open) => open.uri.toString() === uri.toString());
      return placesInFile(review.proposal, path).map((place) => ({
        target: { task, hunk: place.hunk.id },
        uri,
        range: rangeOf(place, document),
        text: this.text(task, review, place, true),
      }));
    });
  }

  private aboutServer(task: TaskId): Wanted[] {
    if (this.ctx.health.name === 'running') {
      return [];
    }
    return openDocuments(task).map(({ uri }) => ({
      target: { task, hunk: SERVER },
      uri,
      range: new vscode.Range(0, 0, 0, 0),
      text: {
        label: 'aca',
        markdown:
          '$(warning) The aca server is not running. What is shown may be old, and nothing can be decided.' +
          '\n\n[Restart Server](command:aca.restartServer)',
        context: 'hunkWaiting',
        urgent: true,
      },
    }));
  }

  private text(task: TaskId, review: Review, place: Place, showChange: boolean): ThreadText {
    const about = {
      proposal: review.proposal,
      decidable: isDecidable(this.ctx, task),
      refusal: review.refusals.get(place.hunk.id),
      showChange,
    };
    return threadText(place, about, (choice) => link(choice, { task, hunk: place.hunk.id }));
  }

  private put(wanted: Wanted): void {
    const known = this.shown.get(keyOf(wanted));
    if (known === undefined) {
      if (wanted.range !== undefined) {
        this.create(wanted, wanted.range);
      }
      return;
    }
    const { thread } = known;
    const { range, text } = wanted;
    if (range !== undefined) {
      // The editor moves a thread with its text and does not tell. To name the same place again would change nothing.
      thread.range = undefined;
      thread.range = range;
    }
    if (known.markdown !== text.markdown) {
      known.markdown = text.markdown;
      known.isUrgent = text.urgent;
      thread.comments = [comment(text)];
      if (text.urgent) {
        this.expand(wanted.target);
      }
    }
    thread.label = text.label;
    thread.contextValue = text.context;
    thread.canReply = text.context !== 'hunkWaiting';
  }

  private create(wanted: Wanted, range: vscode.Range): void {
    const { text, target } = wanted;
    const thread = this.controller.createCommentThread(wanted.uri, range, [comment(text)]);
    thread.collapsibleState = stateOf(wanted.uri, text.urgent);
    thread.label = text.label;
    thread.contextValue = text.context;
    thread.canReply = text.context !== 'hunkWaiting';
    this.shown.set(keyOf(wanted), { target, thread, markdown: text.markdown, isUrgent: text.urgent });
  }
}

function keyOf({ uri, target }: Wanted): string {
  return JSON.stringify([uri.toString(), target.task, target.hunk]);
}

/** Returns the lines of a hunk; the line where it stands if it has none. */
function rangeOf({ line, lines }: Place, document: vscode.TextDocument | undefined): vscode.Range {
  const last = document === undefined ? line + lines : document.lineCount - 1;
  return new vscode.Range(Math.min(line, last), 0, Math.min(line + Math.max(0, lines - 1), last), 0);
}

/** With lenses, a thread is for what they have no room for; in a file it is all there is. */
function stateOf(uri: vscode.Uri, isUrgent: boolean): vscode.CommentThreadCollapsibleState {
  const isOpen = isUrgent || !hasLenses() || uri.scheme === 'file';
  return isOpen ? vscode.CommentThreadCollapsibleState.Expanded : vscode.CommentThreadCollapsibleState.Collapsed;
}

function comment(text: ThreadText): vscode.Comment {
  const body = new vscode.MarkdownString(text.markdown, true);
  // Only the choices are links: the agent's words are escaped, and could name no other command.
  const commands = Object.values(CHOICES).map(({ command }): string => command);
  body.isTrusted = { enabledCommands: [...commands, 'aca.restartServer'] };
  return { body, author: { name: 'aca' }, mode: vscode.CommentMode.Preview };
}

function link(choice: Choice, target: Target): string {
  const { command, title } = CHOICES[choice];
  const argument = encodeURIComponent(JSON.stringify([target]));
  return `[${title}](command:${command}?${argument})`;
}
