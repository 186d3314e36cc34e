// A transcript as text that is read from top to bottom and only ever grows at its end.

import type { AttemptBrief, Origin, RecordBody, TaskView, TranscriptRecord } from '../protocol';

/** How much of a tool's output is shown. */
const MAX_RESULT_LINES = 8;
const MAX_RESULT_COLUMNS = 160;

/** How large the text may become, in characters. What is older is left out. */
export const MAX_TEXT = 1_000_000;

const LEFT_OUT = '*The beginning is left out here.*\n\n';

/** What a record needs to know of those before it. */
export interface Context {
  /** The calls so far: identifier, and the line that says what each is about. */
  readonly calls: Map<string, string>;
  /** What came last. */
  last: RecordBody['type'] | undefined;
  /** The call that came last. */
  lastCall: string | undefined;
}

export function newContext(): Context {
  return { calls: new Map(), last: undefined, lastCall: undefined };
}

/** Returns the title of a task's transcript. */
export function titleText(task: TaskView): string {
  return `# ${oneLine(task.title)}\n`;
}

/** Returns the heading of a round, with what the agent was asked. */
export function roundText(task: TaskView, attempt: AttemptBrief, round: number): string {
  const about = [attempt.model, attempt.backend].filter((word) => word !== undefined);
  const asked = round === 1 ? originText(task.origin) : (attempt.remark ?? '');
  const heading = [`Round ${round}`, ...about].join(' · ');
  return `\n## ${heading}\n${asked.trim() === '' ? '' : `\n${quoted(asked)}\n`}`;
}

/** Returns what a record adds to the text. */
export function recordText({ body, atMs }: TranscriptRecord, context: Context): string {
  const { last, lastCall } = context;
  context.last = body.type;
  const isListed = last === 'tool-use' || last === 'tool-result';
  const paragraph = (text: string): string => `\n${text}\n`;
  switch (body.type) {
    case 'started':
    case 'prompted':
      context.last = last;
      return '';
    case 'said':
      return body.text.trim() === '' ? '' : paragraph(body.text.trim());
    case 'tool-use': {
      const line = `**${body.tool}** ${oneLine(body.about)}`.trim();
      context.calls.set(body.id, line);
      context.lastCall = body.id;
      return `${isListed ? '' : '\n'}- ${line}\n`;
    }
    case 'tool-result': {
      const isNext = last === 'tool-use' && lastCall === body.id;
      const heading = isNext ? '' : `- ↳ ${context.calls.get(body.id) ?? 'A tool'}\n`;
      return `${heading}${body.ok ? '' : '  failed\n'}${resultText(body.text)}`;
    }
    case 'told':
      return paragraph(`**You, at ${time(atMs)}:**\n\n${quoted(body.text)}`);
    case 'paused':
      return paragraph(`*Paused at ${time(atMs)}.*`);
    case 'resumed':
      return paragraph(`*Resumed at ${time(atMs)}.*`);
    case 'stop-asked':
      return paragraph(`*Asked to stop at ${time(atMs)}.*`);
    case 'retry':
      return paragraph(
        `*The model did not answer: ${oneLine(body.reason)}. Try ${body.attempt} of ${body.max} follows in ${Math.round(body.delay_ms / 1000)} s.*`,
      );
    case 'interrupted':
      return paragraph(
        `*The agent's program died and is started again (${body.attempt} of ${body.max}): ${oneLine(body.reason)}*`,
      );
    case 'watchdog':
      return paragraph(`*${oneLine(body.text)}*`);
    case 'noise':
      return paragraph(`*${body.from}:* ${oneLine(body.text)}`);
  }
}

/** Leaves out the beginning of a text that has become too long. It takes away much at once, so that it is rarely done. */
export function capped(text: string, limit = MAX_TEXT): string {
  if (text.length <= limit) {
    return text;
  }
  const from = text.indexOf('\n', text.length - Math.floor(limit / 2)) + 1;
  return LEFT_OUT + text.slice(from);
}

function originText(origin: Origin): string {
  switch (origin.kind) {
    case 'todo':
      return `${origin.text}\n\n${origin.path}, line ${origin.line + 1}`;
    case 'selection':
      return `${origin.instruction}\n\n${origin.path}, lines ${origin.startLine + 1} to ${origin.endLine + 1}`;
    case 'text':
      return origin.text;
  }
}

/** Output stands indented under its call, as code. */
function resultText(text: string): string {
  const lines = text.trimEnd().split(/\r\n?|\n/);
  if (text.trim() === '') {
    return '';
  }
  const shown = lines.slice(0, MAX_RESULT_LINES).map((line) => `      ${cut(line)}`.trimEnd());
  const rest = lines.length - shown.length;
  const more = rest <= 0 ? [] : [`      … ${rest} more line${rest === 1 ? '' : 's'}`];
  return `${[...shown, ...more].join('\n')}\n`;
}

function cut(line: string): string {
  return line.length <= MAX_RESULT_COLUMNS ? line : `${line.slice(0, MAX_RESULT_COLUMNS)}…`;
}

function quoted(text: string): string {
  return text
    .trim()
    .split(/\r\n?|\n/)
    .map((line) => `> ${line}`.trimEnd())
    .join('\n');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

function time(ms: number): string {
  return new Date(ms).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
}
