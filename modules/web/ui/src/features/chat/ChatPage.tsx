import { Link } from '@tanstack/react-router';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { api, data, reasonOf } from '../../api/client';
import type { components } from '../../api/schema';
import type { Todo } from '../../api/types';
import { useNow } from '../../lib/hooks';
import { newKey } from '../../lib/secure';
import { signal, useSignal } from '../../lib/signal';
import { dueWords, isLate } from '../../lib/words';
import { useTitle } from '../../lib/title';
import { m } from '../../messages';
import { useApp, useDraft, useView } from '../../state/app';
import { Button, Empty, classes, controls } from '../../ui/controls';
import { PriorityMark } from '../fields/PriorityMark';
import { CheckBox } from '../tasks/TaskRow';
import css from './ChatPage.module.css';

type Answer = components['schemas']['ChatAnswer'];
interface Turn {
  id: number;
  said: string;
  answer?: Answer;
  problem?: string;
}

interface Asked {
  said: string;
  key: string;
  abort: AbortController;
}

/** As the task is now, not as it was when it was spoken of. */
function Card({ todo }: { todo: Todo }) {
  const { actions, settings } = useApp();
  const { tasks } = useView();
  const now = useNow();
  const current = tasks.get(todo.id) ?? todo;
  const late = isLate(current, now);
  return (
    <li className={css.card} data-done={current.status === 'completed' || undefined}>
      <CheckBox todo={current} onToggle={() => actions.setDone([current], current.status === 'active')} />
      <PriorityMark priority={current.priority} />
      <Link to="/todos/$id" params={{ id: String(current.id) }} search={{}} dir="auto">
        {current.title}
      </Link>
      <span className={controls.hint} data-late={late || undefined}>
        {dueWords(current, now, settings)}
      </span>
    </li>
  );
}

function Reply({ turn, last, onSay, onStop }: { turn: Turn; last: boolean; onSay: (text: string) => void; onStop: () => void }) {
  const { answer, problem } = turn;
  if (problem) return <p className={controls.error}>{m.chat.failed(problem)}</p>;
  if (!answer) {
    return (
      <div className={css.choices}>
        <p className={classes(controls.hint, css.thinking)}>{m.chat.thinking}…</p>
        <Button look="link" onClick={onStop}>
          {m.chat.stop}
        </Button>
      </div>
    );
  }
  return (
    <div className={css.reply}>
      <p dir="auto">{answer.reply}</p>
      {answer.todos.length > 0 && (
        <ul>
          {answer.todos.map((todo) => (
            <Card key={todo.id} todo={todo} />
          ))}
        </ul>
      )}
      {last && (
        <div className={css.choices}>
          {answer.choices.map((choice, index) => (
            // Yes to a deed stands out; which one of many is meant, none of them does.
            <Button key={choice} look={answer.choices.length === 2 && index === 0 ? 'primary' : undefined} onClick={() => onSay(choice)}>
              <bdi>{choice}</bdi>
            </Button>
          ))}
          {answer.outcome === 'done' && answer.can_undo && (
            <Button look="link" onClick={() => onSay('undo')}>
              {m.undo.undo}
            </Button>
          )}
        </div>
      )}
    </div>
  );
}

const conversation = signal<{ of: string; turns: readonly Turn[] }>({ of: '', turns: [] });

/** Lasts while the tab does: looking at a task, or signing in again, is no reason to forget it. */
function useConversation(user: string): [readonly Turn[], (change: (before: readonly Turn[]) => readonly Turn[]) => void] {
  const { of, turns } = useSignal(conversation);
  const change = (make: (before: readonly Turn[]) => readonly Turn[]): void => {
    const now = conversation.get();
    conversation.set({ of: user, turns: make(now.of === user ? now.turns : none) });
  };
  return [of === user ? turns : none, change];
}
const none: readonly Turn[] = [];

export function ChatPage() {
  const { profile, settings, sync } = useApp();
  const [turns, setTurns] = useConversation(profile.id);
  const [draft, setText] = useDraft('chat');
  const text = draft ?? '';
  const end = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const asked = useRef<Asked | null>(null);
  const stopped = useRef<Asked | null>(null);
  useTitle(m.chat.title);
  const talk = useMutation({
    mutationFn: ({ said, state, key, signal }: { id: number; said: string; state: string | null; key: string; signal: AbortSignal }) =>
      data(api.POST('/api/chat', { params: { header: { 'Idempotency-Key': key } }, body: { message: said, state, zone: settings.zone }, signal })),
    onSuccess: (answer, { id }) => {
      sync.absorb(answer.todos);
      setTurns((before) => before.map((turn) => (turn.id === id ? { ...turn, answer } : turn)));
    },
    onError: (error, { id, signal }) => {
      if (signal.aborted) return;
      const problem = reasonOf(error, m.problem.away, m.problem.unknown);
      setTurns((before) => before.map((turn) => (turn.id === id ? { ...turn, problem } : turn)));
    },
  });
  useEffect(() => {
    // Newer browsers answer with a promise, which is no clean-up.
    end.current?.scrollIntoView({ block: 'end' });
  }, [turns]);

  function say(said: string): void {
    if (said.trim() === '' || talk.isPending) return;
    const id = turns.length;
    const state = turns.findLast(({ answer }) => answer)?.answer?.state ?? null;
    setTurns((before) => [...before, { id, said }]);
    setText(null);
    // What was stopped may have been done all the same: said again, it is the same request.
    const key = stopped.current?.said === said ? stopped.current.key : newKey();
    asked.current = { said, key, abort: new AbortController() };
    talk.mutate({ id, said, state, key, signal: asked.current.abort.signal });
  }

  function stop(): void {
    if (!asked.current) return;
    stopped.current = asked.current;
    stopped.current.abort.abort();
    talk.reset();
    setTurns((before) => before.slice(0, -1));
    setText(stopped.current.said);
    field.current?.focus();
  }

  return (
    <div className={css.page}>
      <h1>{m.chat.title}</h1>
      {turns.length === 0 && (
        <Empty title={m.chat.emptyTitle}>
          <ul className={css.examples}>
            {m.chat.examples.map((example) => (
              <li key={example}>
                <Button onClick={() => say(example)}>{example}</Button>
              </li>
            ))}
          </ul>
        </Empty>
      )}
      <div className={css.log} role="log" aria-label={m.chat.log}>
        {turns.map((turn) => (
          <div key={turn.id} className={css.turn}>
            <p className={css.said} dir="auto">
              <span className="hidden">{m.chat.you}: </span>
              {turn.said}
            </p>
            <Reply turn={turn} last={turn === turns.at(-1)} onSay={say} onStop={stop} />
          </div>
        ))}
        <div ref={end} />
      </div>
      <form
        data-foot
        className={css.form}
        onSubmit={(event) => {
          event.preventDefault();
          say(text);
        }}
      >
        <input ref={field} className={controls.input} dir="auto" aria-label={m.chat.label} placeholder={m.chat.placeholder} maxLength={2000} autoComplete="off" value={text} onChange={(event) => setText(event.target.value)} />
        <Button look="primary" type="submit" disabled={talk.isPending || text.trim() === ''}>
          {m.chat.send}
        </Button>
      </form>
    </div>
  );
}
