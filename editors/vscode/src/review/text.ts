// The texts of proposed documents as VS Code reads and writes them.

import type { ProposalFileResult } from '../protocol';

/** With the mark in front, VS Code takes bytes for UTF-8 whatever `files.encoding` says, and leaves it out of the text. */
const MARK = '\u{feff}';

export function encode(text: string): Uint8Array {
  return new TextEncoder().encode(MARK + text);
}

export function decode(content: Uint8Array): string {
  // The decoder leaves the mark out too.
  return new TextDecoder().decode(content);
}

/** Says whether two texts are the same but for line ends: VS Code gives all lines of a document the same one. */
export function isSame(a: string, b: string): boolean {
  return a === b || unixLines(a) === unixLines(b);
}

/** Returns what the right side of a review says about a file: of what is not text, a sentence while it is not decided. */
export function shownText({ live, proposed, hunks, reason }: ProposalFileResult): string {
  if (proposed !== null) {
    return proposed;
  }
  return live === null && hunks.length > 0 ? (reason ?? '') : '';
}

function unixLines(text: string): string {
  return text.replace(/\r\n?/g, '\n');
}
