// What is said about a hunk: the text of its thread and the choices it offers, as markdown.

import type { CheckView, FileChange, ProposalView } from '../protocol';
import { asMarkdown } from '../words';
import { isConflict, undecided, type Place } from './layout';

/** What a person can do with a hunk. Each is a command that takes `{ task, hunk }`. */
export const CHOICES = {
  accept: { command: 'aca.acceptHunk', title: 'Accept', icon: 'check' },
  reject: { command: 'aca.rejectHunk', title: 'Reject', icon: 'discard' },
  revise: { command: 'aca.reviseHunk', title: 'Revise…', icon: 'comment' },
  mine: { command: 'aca.keepMine', title: 'Keep Mine', icon: 'account' },
  agents: { command: 'aca.takeAgents', title: "Take the Agent's", icon: 'robot' },
  both: { command: 'aca.keepBoth', title: 'Keep Both to Edit', icon: 'git-merge' },
  redo: { command: 'aca.redoHunk', title: 'Have It Redone', icon: 'refresh' },
} as const;

export type Choice = keyof typeof CHOICES;

/** What is known of a hunk when it is drawn. */
export interface Circumstances {
  proposal: ProposalView;
  /** Whether the task waits for decisions; else its proposal can only be looked at. */
  decidable: boolean;
  /** Why it was not decided as a person wanted. */
  refusal: string | undefined;
  /** Whether the proposed text is not to be seen beside it. */
  showChange: boolean;
}

/** A thread's words. */
export interface ThreadText {
  label: string;
  markdown: string;
  /** What the menus know it by. */
  context: 'hunk' | 'hunkConflict' | 'hunkRejectable' | 'hunkWaiting';
  /** Whether a person should see it without asking. */
  urgent: boolean;
}

/** Returns what can be chosen for a hunk. */
export function choices(place: Place, decidable: boolean): Choice[] {
  if (!decidable) {
    return [];
  }
  if (isConflict(place.hunk)) {
    return ['mine', 'agents', 'both', 'redo'];
  }
  return place.change.kind === 'unsupported' ? ['reject', 'revise'] : ['accept', 'reject', 'revise'];
}

/** Returns the first words of the agent's reason, for where a line is all there is. */
export function shortReason(place: Place, limit: number): string | undefined {
  const why = place.hunk.reason?.why.replace(/\s+/g, ' ').trim();
  if (why === undefined || why === '') {
    return undefined;
  }
  const claim = place.hunk.reason?.verified === true ? '' : ' (unverified)';
  const characters = Array.from(why);
  const short = characters.length <= limit ? why : `${characters.slice(0, limit).join('').trimEnd()}…`;
  return short + claim;
}

/** Returns the words of a hunk's thread. `link` makes a link of a choice. */
export function threadText(place: Place, about: Circumstances, link: (choice: Choice) => string): ThreadText {
  const { hunk } = place;
  const all = undecided(about.proposal);
  const index = all.findIndex((other) => other.hunk.id === hunk.id);
  const conflict = conflictWords(place);
  const findings = findingWords(place, about.proposal.check);
  const needs = needWords(place, about.proposal);
  const offered = choices(place, about.decidable);
  const paragraphs = [
    about.refusal === undefined ? '' : `$(warning) **Not done:** ${asMarkdown(about.refusal)}`,
    about.decidable ? '' : '$(sync) The agent works on this task again. The next round replaces what is shown here.',
    conflict,
    changeWords(place.change),
    reasonWords(place),
    historyWords(place, about.proposal.round),
    about.showChange ? changeBlock(place) : '',
    needs,
    findings,
    checkWords(place, about.proposal.check),
    offered.map(link).join(' &nbsp;·&nbsp; '),
  ];
  return {
    label: `Hunk ${index + 1} of ${all.length}${isConflict(hunk) ? ' · conflict' : ''}`,
    markdown: paragraphs.filter((paragraph) => paragraph !== '').join('\n\n'),
    context: contextOf(offered),
    urgent: [about.refusal ?? '', conflict, needs, findings].some((words) => words !== ''),
  };
}

/** Returns text as a block of code, whatever is in it. */
export function codeBlock(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text.replace(/\r\n?/g, '\n').replace(/\n$/, '')}\n${fence}`;
}

function contextOf(offered: Choice[]): ThreadText['context'] {
  if (offered.length === 0) {
    return 'hunkWaiting';
  }
  if (offered.includes('accept')) {
    return 'hunk';
  }
  return offered.includes('mine') ? 'hunkConflict' : 'hunkRejectable';
}

function conflictWords({ hunk }: Place): string {
  switch (hunk.state.name) {
    case 'overlapping':
      return `$(git-merge) **Conflict:** the same words were changed meanwhile. The file says now:\n\n${codeBlock(hunk.state.live, '')}`;
    case 'gone':
      return `$(git-merge) **Conflict:** ${asMarkdown(hunk.state.reason)}`;
    default:
      return '';
  }
}

function changeWords(change: FileChange): string {
  switch (change.kind) {
    case 'create':
      return 'The file is new.';
    case 'delete':
      return 'The file is deleted.';
    case 'rename':
      return `The file is renamed, from ${asMarkdown(change.from)}.`;
    case 'binary':
      return 'The content is not text. It can only be taken as a whole.';
    case 'mode':
      return change.executable ? 'The file becomes executable.' : 'The file is not executable any more.';
    case 'unsupported':
      return asMarkdown(change.reason);
    case 'modify':
      return '';
  }
}

function reasonWords({ hunk }: Place): string {
  if (hunk.reason === undefined || hunk.reason.why.trim() === '') {
    return '';
  }
  const words = asMarkdown(hunk.reason.why);
  return hunk.reason.verified ? words : `${words} _(unverified)_`;
}

function historyWords({ hunk }: Place, round: number): string {
  const words = [
    hunk.amended === true ? 'You changed this text.' : '',
    hunk.since === 'same' ? 'It was there in the round before, too.' : '',
    hunk.since === 'changed' ? `It is new in round ${round}.` : '',
    hunk.state.name === 'touched' ? 'Lines beside it were changed meanwhile. It lands together with them.' : '',
    hunk.state.name === 'alreadyThere' ? 'The file says this already.' : '',
  ];
  return words.filter((word) => word !== '').join(' ');
}

/** The change itself, for where only the old text is to be seen. */
function changeBlock({ hunk }: Place): string {
  const lines = (text: string, sign: string): string[] =>
    text === ''
      ? []
      : text
          .replace(/\r?\n$/, '')
          .split(/\r?\n/)
          .map((line) => sign + line);
  const old = hunk.state.name === 'overlapping' ? hunk.state.live : hunk.old;
  const now = hunk.state.name === 'touched' ? hunk.state.merged : hunk.new;
  const block = [...lines(old, '-'), ...lines(now, '+')];
  return block.length === 0 ? '' : codeBlock(block.join('\n'), 'diff');
}

function needWords({ hunk }: Place, proposal: ProposalView): string {
  const needed = new Set(hunk.needs);
  const places = undecided(proposal).filter((other) => needed.has(other.hunk.id));
  if (places.length === 0) {
    return '';
  }
  const names = places.map((other) => `${asMarkdown(other.path)} line ${other.hunk.line + 1}`);
  return `$(link) It uses names that undecided hunks introduce: ${names.join(', ')}.`;
}

function findingWords({ hunk }: Place, check: CheckView | undefined): string {
  const findings = (check?.findings ?? []).filter((finding) => finding.hunk === hunk.id);
  return findings
    .map(({ error, message, line }) => `$(${error ? 'error' : 'warning'}) Line ${line + 1}: ${asMarkdown(message)}`)
    .join('\n\n');
}

function checkWords({ hunk }: Place, check: CheckView | undefined): string {
  if (check === undefined || (check.hunks !== undefined && !check.hunks.includes(hunk.id))) {
    return '';
  }
  const command = asMarkdown(check.command);
  switch (check.state.name) {
    case 'running':
      return `$(sync) The check _${command}_ runs.`;
    case 'passed':
      return `$(pass) The check _${command}_ passed.`;
    case 'failed':
      return `$(error) The check _${command}_ failed.`;
    case 'broken':
      return `$(warning) The check _${command}_ could not be run: ${asMarkdown(check.state.reason)}`;
  }
}
