import { useState } from 'react';
import type { Todo } from '../../api/types';
import { m } from '../../messages';
import { useApp, useDraft } from '../../state/app';
import { draftOf } from '../../state/drafts';
import { Kept } from './Kept';
import css from './TaskPage.module.css';

/** The heading is the field: it is edited where it stands. What is typed is kept until it is saved or given up. */
export function Title({ todo, level }: { todo: Todo; level: 1 | 2 }) {
  const { actions } = useApp();
  const [draft, write] = useDraft(draftOf('title', todo.id));
  const [typing, setTyping] = useState(false);
  const Heading = `h${level}` as const;
  const save = (): void => {
    setTyping(false);
    const title = draft?.trim();
    if (title && title !== todo.title) actions.edit(todo, { title });
    write(null);
  };
  return (
    <div className={css.heading}>
      <Heading aria-label={todo.title}>
        <textarea
          className={css.title}
          dir="auto"
          rows={1}
          aria-label={m.fields.title}
          data-done={todo.status === 'completed' || undefined}
          maxLength={200}
          value={draft ?? todo.title}
          onChange={(event) => {
            setTyping(true);
            write(event.target.value.replace(/\n/g, ' '));
          }}
          onBlur={() => typing && save()}
          onKeyDown={(event) => {
            if (event.nativeEvent.isComposing) return;
            if (event.key === 'Enter') {
              event.preventDefault();
              if (!typing) save();
              event.currentTarget.blur();
            } else if (event.key === 'Escape') {
              event.stopPropagation();
              setTyping(false);
            }
          }}
        />
      </Heading>
      {draft !== null && !typing && <Kept onDiscard={() => write(null)} />}
    </div>
  );
}
