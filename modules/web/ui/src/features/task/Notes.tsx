import { lazy, Suspense, useState, type KeyboardEvent } from 'react';
import type { Todo } from '../../api/types';
import { m } from '../../messages';
import { useApp, useDraft } from '../../state/app';
import { draftOf } from '../../state/drafts';
import { Button, controls } from '../../ui/controls';
import { Kept } from './Kept';
import css from './TaskPage.module.css';

const Markdown = lazy(() => import('./Markdown').then(({ Markdown: component }) => ({ default: component })));

function Editor({ todo, onClose }: { todo: Todo; onClose: () => void }) {
  const { actions } = useApp();
  const [draft, write] = useDraft(draftOf('description', todo.id));
  const text = draft ?? todo.description ?? '';
  const save = (): void => {
    const description = text.trim() === '' ? null : text.trim();
    if (description !== todo.description) actions.edit(todo, { description });
    write(null);
    onClose();
  };
  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) save();
    else if (event.key === 'Escape') {
      event.stopPropagation();
      event.preventDefault();
      onClose();
    }
  }
  return (
    <>
      <textarea className={css.notesInput} dir="auto" aria-label={m.task.notes} maxLength={10_000} rows={6} value={text} autoFocus onChange={(event) => write(event.target.value)} onKeyDown={onKeyDown} />
      <div className={css.actions}>
        <Button look="primary" onClick={save}>
          {m.save}
        </Button>
        <span className={controls.hint}>{m.task.notesHint}</span>
      </div>
    </>
  );
}

export function Notes({ todo }: { todo: Todo }) {
  const [editing, setEditing] = useState(false);
  const [draft, write] = useDraft(draftOf('description', todo.id));
  return (
    <section className={css.notes} aria-label={m.task.notes}>
      {editing ? (
        <Editor todo={todo} onClose={() => setEditing(false)} />
      ) : (
        <>
          {todo.description && (
            <Suspense fallback={<p className={css.markdown}>{todo.description}</p>}>
              <Markdown text={todo.description} />
            </Suspense>
          )}
          <Button look="link" onClick={() => setEditing(true)}>
            {todo.description ? m.task.editNotes : m.task.addNotes}
          </Button>
          {draft !== null && <Kept onDiscard={() => write(null)} />}
        </>
      )}
    </section>
  );
}
