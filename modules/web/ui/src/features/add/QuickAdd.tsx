import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { Away } from '../../api/client';
import { useNow, useSettled } from '../../lib/hooks';
import { bellWords, dueWords, repeatWords } from '../../lib/words';
import { m } from '../../messages';
import { useApp, useDraft } from '../../state/app';
import { parseLine, todoOf, type Parsed, type Span } from '../../state/line';
import { addOpen, typedAhead } from '../../state/surfaces';
import { announce } from '../../state/toasts';
import { Button, Chip, controls } from '../../ui/controls';
import { Modal } from '../../ui/Modal';
import { escapeSpan, piecesOf, understood } from './parse';
import css from './QuickAdd.module.css';

const pause = 80;

function useParsed(text: string): { parsed: Parsed | undefined; away: boolean } {
  const { settings } = useApp();
  const settled = useSettled(text, pause);
  const { data, error } = useQuery({
    queryKey: ['parse', settled, settings.zone],
    queryFn: ({ signal }) => parseLine(settled, settings.zone, signal),
    enabled: settled.trim() !== '',
    placeholderData: keepPreviousData,
    staleTime: 20_000,
    gcTime: 60_000,
    retry: false,
  });
  return text.trim() === '' ? { parsed: undefined, away: false } : { parsed: data, away: error instanceof Away };
}

function useChipWords(parsed: Parsed): (span: Span) => string {
  const { settings } = useApp();
  const now = useNow();
  const todo = { due_date: parsed.due_date ?? null, all_day: parsed.all_day ?? false, status: 'active' as const };
  return ({ kind, text }) => {
    if (kind === 'due') return dueWords(todo, now, settings) || text;
    if (kind === 'recurrence') return parsed.recurrence ? repeatWords(parsed.recurrence) : text;
    if (kind === 'reminder' && parsed.reminder_at) return m.add.reminderChip(bellWords({ due_date: todo.due_date, reminder_at: parsed.reminder_at }, now, settings));
    if (kind === 'priority' && parsed.priority) return m.priority[parsed.priority];
    return kind === 'description' ? m.add.notes : text;
  };
}

function Chips({ text, parsed, onChange }: { text: string; parsed: Parsed; onChange: (text: string) => void }) {
  const words = useChipWords(parsed);
  const points = Array.from(text);
  const errors = (parsed.errors ?? []).filter(({ code }) => code !== 'title_empty');
  return (
    <ul className={css.chips}>
      {understood(parsed).map((span) => (
        <li key={`${span.start}-${span.kind}`}>
          <Chip
            look="on"
            removeLabel={m.add.remove(words(span))}
            onRemove={span.kind === 'description' ? undefined : () => onChange(escapeSpan(text, span))}
          >
            <span dir="auto">{words(span)}</span>
          </Chip>
        </li>
      ))}
      {errors.map(({ code, start, end }) => {
        const phrase = points.slice(start, end).join('');
        const whole = end - start === points.length;
        return (
          <li key={`${start}-${code}`}>
            <Chip look="error" removeLabel={m.add.remove(phrase)} onRemove={whole ? undefined : () => onChange(escapeSpan(text, { start, end }))}>
              <span dir="auto">{m.add.errors[code]?.(phrase) ?? m.add.error}</span>
            </Chip>
          </li>
        );
      })}
    </ul>
  );
}

/** The mirror lies under the field and underlines what was understood. */
function Line({
  text,
  parsed,
  onChange,
  onEarly,
  onKeyDown,
}: {
  text: string;
  parsed: Parsed | undefined;
  onChange: (text: string) => void;
  onEarly: (text: string) => void;
  onKeyDown: (event: KeyboardEvent) => void;
}) {
  return (
    <div className={css.line}>
      <div className={css.mirror} aria-hidden="true" dir="auto">
        {piecesOf(text, parsed).map(({ text: piece, kind }, index) => (
          <span key={index} data-kind={kind ?? undefined}>
            {piece}
          </span>
        ))}
        {'\u200b'}
      </div>
      <textarea
        className={css.input}
        dir="auto"
        rows={1}
        maxLength={2000}
        aria-label={m.add.label}
        placeholder={m.add.placeholder}
        autoFocus
        autoCapitalize="sentences"
        enterKeyHint="done"
        value={text}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={onKeyDown}
        onFocus={({ currentTarget }) => {
          onEarly(typedAhead());
          requestAnimationFrame(() => currentTarget.setSelectionRange(currentTarget.value.length, currentTarget.value.length));
        }}
        spellCheck
      />
    </div>
  );
}

export function QuickAdd() {
  const { actions, settings } = useApp();
  const navigate = useNavigate();
  const [draft, setText] = useDraft('add');
  const text = draft ?? '';
  const [problem, setProblem] = useState('');
  const { parsed, away } = useParsed(text);
  const latest = useRef(text);
  const last = useRef<Promise<void>>(Promise.resolve());
  useEffect(() => {
    latest.current = text;
  });

  /** The box is free for the next line at once; this one comes back to it if it cannot be saved as it is. */
  function add(thenOpen: boolean, line = text): void {
    if (line.trim() === '') return;
    setProblem('');
    setText(null);
    last.current = last.current.then(() => save(line, thenOpen));
  }

  function hear(early: string): void {
    if (!early) return;
    const lines = (text + early).split('\n');
    const rest = lines.pop() ?? '';
    lines.forEach((line) => add(false, line));
    if (rest) setText(rest);
  }

  async function save(line: string, thenOpen: boolean): Promise<void> {
    const giveBack = (why: string): void => {
      setText(latest.current.trim() === '' ? line : `${line} ${latest.current}`);
      setProblem(why);
    };
    try {
      const fresh = await parseLine(line, settings.zone).catch((error: unknown) => {
        if (error instanceof Away) return null;
        throw error;
      });
      const [error] = fresh?.errors ?? [];
      if (error) return giveBack(m.add.errors[error.code]?.(Array.from(line).slice(error.start, error.end).join('')) ?? m.add.error);
      const todo = fresh ? todoOf(fresh) : { title: line.trim().slice(0, 200) };
      const id = actions.create(todo, fresh ? undefined : { text: line, zone: settings.zone });
      announce(fresh ? m.add.added(todo.title) : m.add.offline);
      if (thenOpen) {
        addOpen.set(false);
        await navigate({ to: '/todos/$id', params: { id: String(id) }, search: {} });
      }
    } catch {
      giveBack(m.problem.unknown);
    }
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    add(event.ctrlKey || event.metaKey);
  }

  return (
    <Modal open onClose={() => addOpen.set(false)} title={m.add.label} hideTitle className={css.box}>
      <Line text={text} parsed={parsed} onChange={setText} onEarly={hear} onKeyDown={onKeyDown} />
      {parsed && (
        <div className={css.understood}>
          {parsed.title && (
            <p className={css.title} dir="auto">
              <span aria-hidden="true">→ </span>
              <span className="hidden">{m.add.understood('')}</span>
              {parsed.title}
            </p>
          )}
          <Chips text={text} parsed={parsed} onChange={setText} />
        </div>
      )}
      <p role="status" className={controls.hint}>
        {away && m.add.offline}
      </p>
      <p role="alert" className={controls.error}>
        {problem}
      </p>
      <div className={css.foot}>
        <span className={controls.hint}>{m.add.hint}</span>
        <Button look="primary" onClick={() => add(false)}>
          {m.add.button}
        </Button>
      </div>
    </Modal>
  );
}
