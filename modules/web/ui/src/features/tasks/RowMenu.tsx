import type { Todo } from '../../api/types';
import { m } from '../../messages';
import { MenuItem, MenuLine } from '../../ui/Menu';
import type { Rung } from '../bells/missed';
import type { RowHandlers } from './TaskRow';

export function RowMenu({ todo, rang, handlers }: { todo: Todo; rang: Rung | undefined; handlers: RowHandlers }) {
  const done = todo.status === 'completed';
  return (
    <>
      <MenuItem onSelect={() => handlers.toggle(todo)} keys="X">
        {done ? m.tasks.reopen1 : m.tasks.complete1}
      </MenuItem>
      <MenuItem onSelect={() => handlers.edit(todo, 'title')} keys="E">
        {m.tasks.edit}
      </MenuItem>
      <MenuItem onSelect={() => handlers.edit(todo, 'due')} keys="D">
        {m.tasks.date}
      </MenuItem>
      <MenuItem onSelect={() => handlers.edit(todo, 'reminder')} keys="R">
        {m.tasks.reminder}
      </MenuItem>
      <MenuItem onSelect={() => handlers.edit(todo, 'priority')} keys="P">
        {m.tasks.priority}
      </MenuItem>
      <MenuItem onSelect={() => handlers.edit(todo, 'tags')} keys="T">
        {m.tasks.tag}
      </MenuItem>
      {!done && todo.due_date && (
        <MenuItem onSelect={() => handlers.edit(todo, 'snooze')} keys="S">
          {m.tasks.snooze}
        </MenuItem>
      )}
      {rang && <MenuItem onSelect={() => handlers.hear(rang)}>{m.bell.dismiss}</MenuItem>}
      {!done && todo.recurrence && <MenuItem onSelect={() => handlers.skip(todo)}>{m.tasks.skip}</MenuItem>}
      <MenuItem onSelect={() => handlers.select(todo)} keys="M">
        {m.tasks.mark}
      </MenuItem>
      <MenuLine />
      <MenuItem danger onSelect={() => handlers.remove(todo)}>
        {m.tasks.delete}
      </MenuItem>
    </>
  );
}
