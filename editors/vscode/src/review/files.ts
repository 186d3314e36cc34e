// The right sides of a review: documents whose content is the proposal, and whose saving edits the proposal.

import * as vscode from 'vscode';
import type { Ctx } from '../ctx';
import * as aca from '../protocol';
import { addressOf, liveAddressOf, PROPOSAL, type Address } from './address';
import type { Reviews } from './model';
import type { Owned } from './state';
import { decode, encode, isSame, shownText } from './text';

/** How long typing rests before it is saved. VS Code gives a document a tab of its own when it stays unsaved for longer. */
const AUTO_SAVE_MS = 400;

/** Where the texts that unsaved documents were typed into are kept, for when the window is loaded again. */
const BASES = 'aca.review.bases';

/** A time far away. Times of change count down from it. */
const FAR_MS = 4_000_000_000_000;

export class ProposalFiles implements vscode.FileSystemProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  private readonly own: Owned[];
  /** The text that a document was given and that what is typed in it changes. */
  private readonly bases: Map<string, string>;
  /** The text that VS Code was given last, until it is seen in the document or the document is saved. */
  private readonly offered = new Map<string, string>();
  private readonly times = new Map<string, number>();
  private readonly timers = new Map<string, NodeJS.Timeout>();

  readonly onDidChangeFile = this.changed.event;

  constructor(
    private readonly ctx: Ctx,
    private readonly reviews: Reviews,
  ) {
    this.bases = new Map(Object.entries(ctx.extension.workspaceState.get<Record<string, string>>(BASES, {})));
    this.own = [
      this.changed,
      vscode.workspace.registerFileSystemProvider(PROPOSAL, this, { isCaseSensitive: true }),
      reviews.onDidChange((task) => {
        vscode.workspace.textDocuments
          .filter(({ uri }) => uri.scheme === PROPOSAL && uri.authority === task)
          .forEach((document) => {
            this.refresh(document);
          });
      }),
      vscode.workspace.onDidOpenTextDocument((document) => {
        this.documentChanged(document);
      }),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        this.documentChanged(document);
      }),
      vscode.workspace.onDidSaveTextDocument((document) => {
        this.refresh(document);
      }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        this.forget(uri.toString());
      }),
    ];
    vscode.workspace.textDocuments.forEach((document) => {
      this.documentChanged(document);
    });
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const side = sideOf(uri);
    if (side === undefined) {
      return { type: vscode.FileType.Directory, ctime: 0, mtime: 0, size: 0 };
    }
    const file = await this.file(side.address);
    const stat = {
      type: vscode.FileType.File,
      ctime: 0,
      mtime: this.times.get(uri.toString()) ?? this.nextTime(uri.toString()),
      size: encode(side.text(file)).length,
    };
    return file.editable && side.isRight ? stat : { ...stat, permissions: vscode.FilePermission.Readonly };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const side = sideOf(uri);
    if (side === undefined) {
      throw vscode.FileSystemError.FileIsADirectory(uri);
    }
    const text = side.text(await this.file(side.address));
    this.offered.set(uri.toString(), text);
    return encode(text);
  }

  async writeFile(uri: vscode.Uri, content: Uint8Array): Promise<void> {
    const address = addressOf(uri);
    const base = this.bases.get(uri.toString());
    if (address === undefined || base === undefined) {
      throw vscode.FileSystemError.NoPermissions('A proposal has the files that its task changes, and no others.');
    }
    const text = decode(content);
    if (!isSame(text, base)) {
      await this.request(aca.EditProposal, { ...address, base, text });
      // The document says `text`, whatever else the server has merged it with.
      this.bases.set(uri.toString(), text);
      await this.reviews.refresh(address.task);
    }
    this.offered.delete(uri.toString());
    await this.keepBase(uri.toString(), undefined);
  }

  /** Saves what was typed into a task's documents. Says whether all of it is with the server now, and nothing else. */
  async settle(task: aca.TaskId): Promise<boolean> {
    const unsaved = openDocuments(task).filter((document) => document.isDirty);
    const saved = await Promise.all(unsaved.map((document) => document.save()));
    if (saved.every(Boolean) && !unsaved.every((document) => this.isSettled(document))) {
      throw new Error('The proposal changed while you typed. Look at it again, then decide.');
    }
    return saved.every(Boolean);
  }

  /** Says whether a document shows what the server last told. */
  isSettled(document: vscode.TextDocument): boolean {
    const text = this.known(document);
    return !document.isDirty && text !== undefined && isSame(text, document.getText());
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  readDirectory(): [string, vscode.FileType][] {
    return [];
  }

  createDirectory(): void {
    throw vscode.FileSystemError.NoPermissions('A proposal has no directories of its own.');
  }

  delete(): void {
    throw vscode.FileSystemError.NoPermissions('Reject a hunk to take it out of a proposal.');
  }

  rename(): void {
    throw vscode.FileSystemError.NoPermissions('Files of a proposal cannot be renamed.');
  }

  dispose(): void {
    this.timers.forEach((timer) => {
      clearTimeout(timer);
    });
    vscode.Disposable.from(...this.own).dispose();
  }

  private async file({ task, path }: Address): Promise<aca.ProposalFileResult> {
    try {
      return await this.reviews.followedFile(task, path);
    } catch (error) {
      throw unavailable(error);
    }
  }

  private async request(
    type: typeof aca.EditProposal,
    params: Address & { base: string; text: string },
  ): Promise<aca.ProposalFileResult> {
    try {
      return await this.ctx.request(type, params);
    } catch (error) {
      throw unavailable(error);
    }
  }

  private documentChanged(document: vscode.TextDocument): void {
    if (document.uri.scheme !== PROPOSAL) {
      return;
    }
    const key = document.uri.toString();
    const offered = this.offered.get(key);
    if (offered !== undefined && isSame(offered, document.getText())) {
      // What is sent as the base is what the document said, with its line ends.
      this.bases.set(key, document.getText());
    }
    clearTimeout(this.timers.get(key));
    if (document.isDirty) {
      void this.keepBase(key, this.bases.get(key));
      this.timers.set(
        key,
        setTimeout(() => {
          void document.save();
        }, AUTO_SAVE_MS),
      );
    }
  }

  /** Has VS Code read a document again that shows something else than the proposal. What is being typed is saved first. */
  private refresh(document: vscode.TextDocument): void {
    const text = this.known(document);
    if (text !== undefined && !document.isDirty && !isSame(text, document.getText())) {
      this.nextTime(document.uri.toString());
      this.changed.fire([{ type: vscode.FileChangeType.Changed, uri: document.uri }]);
    }
  }

  private known(document: vscode.TextDocument): string | undefined {
    const side = sideOf(document.uri);
    const file = side && this.reviews.get(side.address.task)?.files.get(side.address.path);
    return file && side.text(file);
  }

  private forget(key: string): void {
    this.bases.delete(key);
    this.offered.delete(key);
    this.times.delete(key);
    clearTimeout(this.timers.get(key));
    this.timers.delete(key);
  }

  /**
   * Gives a document another time of change. VS Code reads a document again whose time is another, and refuses to save
   * one whose time is later; the server merges what is saved, so the times go backwards.
   */
  private nextTime(key: string): number {
    const before = this.times.get(key) ?? FAR_MS;
    const time = Math.min(before - 1, FAR_MS - Date.now());
    this.times.set(key, time);
    return time;
  }

  private async keepBase(key: string, base: string | undefined): Promise<void> {
    const kept = this.ctx.extension.workspaceState.get<Record<string, string>>(BASES, {});
    if (kept[key] !== base) {
      const others = Object.entries(kept).filter(([other]) => other !== key);
      const entries = base === undefined ? others : [...others, [key, base] as const];
      await this.ctx.extension.workspaceState.update(BASES, Object.fromEntries(entries));
    }
  }
}

/** What a document of a review shows. */
interface Side {
  address: Address;
  isRight: boolean;
  text: (file: aca.ProposalFileResult) => string;
}

/** Returns what a document shows; nothing for a folder above one. */
function sideOf(uri: vscode.Uri): Side | undefined {
  const [right, left] = [addressOf(uri), liveAddressOf(uri)];
  if (right !== undefined) {
    return { address: right, isRight: true, text: shownText };
  }
  return left && { address: left, isRight: false, text: ({ live }) => live ?? '' };
}

/** Returns the open proposed documents of a task. */
export function openDocuments(task?: aca.TaskId): vscode.TextDocument[] {
  return vscode.workspace.textDocuments.filter((document) => {
    const address = addressOf(document.uri);
    return address !== undefined && (task === undefined || address.task === task);
  });
}

function unavailable(error: unknown): vscode.FileSystemError {
  return vscode.FileSystemError.Unavailable(error instanceof Error ? error.message : String(error));
}
