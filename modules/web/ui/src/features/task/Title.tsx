import { useState } from 'react';
import type { Todo } from '../../api/types';
import { m } from '../../messages';
import { useApp } from '../../state/app';
import css from './TaskPage.module.css';

/** The heading is the field: it is edited where it stands. What is typed is kept until it is saved or given up. */
export function Title({ todo, level }: { todo: Todo; level: 1 | 2 }) {
  const { actions } = useApp();
  const kept = `carillon.draft.title.${todo.id}`;
  const [draft, setDraft] = useState(() => sessionStorage.getItem(kept));
  const write = (text: string | null): void => {
    setDraft(text);
    if (text === null) sessionStorage.removeItem(kept);
    else sessionStorage.setItem(kept, text);
  };
  const Heading = `h${level}` as const;
  const save = (): void => {
    const title = draft?.trim();
    if (title && title !== todo.title) actions.edit(todo, { title });
    write(null);
  };
  return (
    <Heading className={css.heading}>
      <span className="hidden">{todo.title}</span>
      <textarea
        className={css.title}
        dir="auto"
        rows={1}
        aria-label={m.fields.title}
        data-done={todo.status === 'completed' || undefined}
        maxLength={200}
        value={draft ?? todo.title}
        onChange={(event) => write(event.target.value.replace(/\n/g, ' '))}
        onBlur={save}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return;
          if (event.key === 'Enter') {
            event.preventDefault();
            event.currentTarget.blur();
          } else if (event.key === 'Escape') {
            event.stopPropagation();
            write(null);
          }
        }}
      />
    </Heading>
  );
}
