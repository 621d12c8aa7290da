// Where in a line its understood phrases stand.
import type { Parsed, Span } from '../../state/line';

/** The line with one phrase kept out of it: a backslash before each of its words. Positions count code points. */
export function escapeSpan(text: string, { start, end }: Pick<Span, 'start' | 'end'>): string {
  const points = Array.from(text);
  const inside = points.slice(start, end).join('').replace(/(^|\s)(?=[\p{L}\p{N}#!/@"])/gu, '$1\\');
  return points.slice(0, start).join('') + inside + points.slice(end).join('');
}

/** The phrases that mean something. One that is wrong is only wrong; what is wrong with the title as a whole concerns none of them. */
export function understood({ spans, errors = [] }: Pick<Parsed, 'spans' | 'errors'>): Span[] {
  const wrong = errors.filter(({ code }) => !code.startsWith('title_'));
  return spans.filter(({ start, end }) => !wrong.some((error) => error.start >= start && error.end <= end));
}

export interface Piece {
  text: string;
  kind: Span['kind'] | 'error' | null;
}

/** The line cut where understood phrases begin and end, for underlining. `parsed` may still be about the line before the last key. */
export function piecesOf(text: string, parsed: Parsed | undefined): Piece[] {
  const points = Array.from(text);
  const marks = [
    ...(parsed ? understood(parsed) : []).filter(({ start, end, text: said }) => points.slice(start, end).join('') === said).map(({ start, end, kind }) => ({ start, end, kind })),
    ...(parsed?.errors ?? []).map(({ start, end }) => ({ start, end, kind: 'error' as const })),
  ].sort((a, b) => a.start - b.start || a.end - b.end);
  const pieces: Piece[] = [];
  let position = 0;
  for (const { start, end, kind } of marks) {
    if (start < position || end > points.length) continue;
    if (start > position) pieces.push({ text: points.slice(position, start).join(''), kind: null });
    pieces.push({ text: points.slice(start, end).join(''), kind });
    position = end;
  }
  if (position < points.length) pieces.push({ text: points.slice(position).join(''), kind: null });
  return pieces;
}
