// Review: the multi-file diff of a task's proposal, and the same hunks in the files themselves.

import * as vscode from 'vscode';
import type { Ctx } from '../ctx';
import { registerCommands } from './commands';
import { Decisions } from './decide';
import { ProposalFiles } from './files';
import { HunkLenses } from './lenses';
import { Reviews } from './model';
import { ReviewTabs } from './tabs';
import { Threads } from './threads';
import { Walk } from './walk';

export function registerReview(ctx: Ctx): vscode.Disposable {
  const reviews = new Reviews(ctx);
  const files = new ProposalFiles(ctx, reviews);
  const threads = new Threads(ctx, reviews, files);
  const lenses = new HunkLenses(ctx, reviews);
  const tabs = new ReviewTabs(ctx, reviews);
  const walk = new Walk(ctx, reviews);
  const decisions = new Decisions(ctx, reviews, files, threads);
  registerCommands({ ctx, reviews, threads, decisions, tabs, walk });
  return vscode.Disposable.from(tabs, lenses, threads, files, reviews);
}
