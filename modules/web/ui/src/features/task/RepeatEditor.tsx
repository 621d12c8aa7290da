// A sentence with choices in it, and the next five dates it gives.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data, reasonOf } from '../../api/client';
import type { Recurrence, Todo } from '../../api/types';
import { useNow, useSettled } from '../../lib/hooks';
import { dayWords, momentWords, repeatWords } from '../../lib/words';
import { m } from '../../messages';
import { useApp } from '../../state/app';
import { Button, Choice, controls } from '../../ui/controls';
import { emptyForm, formOf, recurrenceOf, units, weekdayCodes, type Form } from './repeat';
import css from './TaskPage.module.css';

function Dates({ items, allDay }: { items: readonly string[]; allDay: boolean }) {
  const { settings } = useApp();
  const now = useNow();
  return (
    <ol className={css.dates}>
      {items.map((item) => (
        <li key={item}>
          <time dateTime={item}>{allDay ? dayWords(item, now, settings) : momentWords(item, now, settings)}</time>
        </li>
      ))}
    </ol>
  );
}

export function NextDates({ todo }: { todo: Todo }) {
  const { data: items } = useQuery({
    queryKey: ['occurrences', todo.id, todo.version],
    queryFn: async () => (await data(api.GET('/api/todos/{id}/occurrences', { params: { path: { id: todo.id }, query: { limit: 5 } } }))).items,
    placeholderData: keepPreviousData,
  });
  return items && <Dates items={items} allDay={todo.all_day} />;
}

function Preview({ todo, recurrence }: { todo: Todo; recurrence: Recurrence }) {
  const settled = useSettled(recurrence, 150);
  const { data: items, error } = useQuery({
    queryKey: ['preview', todo.due_date, todo.all_day, settled],
    queryFn: async () => (await data(api.POST('/api/recurrence/preview', { body: { due_date: todo.due_date ?? '', all_day: todo.all_day, recurrence: settled, limit: 6 } }))).items.slice(1),
    placeholderData: keepPreviousData,
    retry: false,
  });
  if (error) return <p className={controls.error}>{reasonOf(error, m.problem.away, m.problem.unknown)}</p>;
  return (
    <div aria-live="polite">
      <span className={controls.label}>{m.task.next}</span>
      <Dates items={items ?? []} allDay={todo.all_day} />
    </div>
  );
}

function Weekdays({ chosen, onChange }: { chosen: readonly string[]; onChange: (days: string[]) => void }) {
  return (
    <fieldset className={css.weekdays}>
      <legend className={controls.label}>{m.repeat.on}</legend>
      {weekdayCodes.map((code, index) => {
        const name = m.repeat.days[(index + 1) % 7] ?? code;
        return (
          <label key={code}>
            <input
              type="checkbox"
              className="hidden"
              checked={chosen.includes(code)}
              aria-label={name}
              onChange={({ target }) => onChange(target.checked ? [...chosen, code] : chosen.filter((day) => day !== code))}
            />
            <span aria-hidden="true">{name.slice(0, 2)}</span>
          </label>
        );
      })}
    </fieldset>
  );
}

export function RepeatEditor({ todo, onClose }: { todo: Todo; onClose: () => void }) {
  const { actions } = useApp();
  const [form, setForm] = useState<Form>(() => (todo.recurrence && formOf(todo.recurrence)) ?? emptyForm);
  const set = (change: Partial<Form>): void => setForm((before) => ({ ...before, ...change }));
  const recurrence = recurrenceOf(form);
  if (todo.due_date === null) return <p className={controls.hint}>{m.repeat.needsDue}</p>;
  const save = (value: Recurrence | null): void => {
    actions.edit(todo, { recurrence: value });
    onClose();
  };
  return (
    <form
      className={css.repeat}
      onSubmit={(event) => {
        event.preventDefault();
        save(recurrence);
      }}
    >
      <p className={css.sentence}>{repeatWords(recurrence)}</p>
      <div className={css.choices}>
        <label className={controls.label}>
          {m.repeat.every}
          <input
            type="number"
            className={controls.select}
            aria-label={m.repeat.interval}
            min={1}
            max={1000}
            value={form.interval}
            onChange={(event) => set({ interval: Math.min(1000, Math.max(1, Math.trunc(Number(event.target.value)) || 1)) })}
          />
        </label>
        <Choice hidden label={m.repeat.frequency} value={form.unit} options={units.map((unit) => [unit, m.repeat.unit[unit][form.interval === 1 ? 0 : 1] ?? unit] as const)} onChange={(unit) => set({ unit })} />
      </div>
      {form.unit === 'weekly' && <Weekdays chosen={form.weekdays} onChange={(weekdays) => set({ weekdays })} />}
      {form.unit === 'monthly' && (
        <Choice
          label={m.repeat.on}
          value={form.lastDay ? 'last' : 'due'}
          options={[
            ['due', m.repeat.onDay],
            ['last', m.repeat.lastDay],
          ]}
          onChange={(day) => set({ lastDay: day === 'last' })}
        />
      )}
      <Choice
        label={m.repeat.anchor}
        value={form.anchor}
        options={[
          ['due', m.repeat.anchors.due],
          ['completion', m.repeat.anchors.completion],
        ]}
        onChange={(anchor) => set({ anchor })}
      />
      <label className={controls.field}>
        <span className={controls.label}>{m.repeat.until}</span>
        <input type="date" className={controls.select} value={form.until} onChange={(event) => set({ until: event.target.value })} />
      </label>
      <Preview todo={todo} recurrence={recurrence} />
      <div className={css.actions}>
        <Button look="primary" type="submit">
          {m.save}
        </Button>
        <Button onClick={onClose}>{m.cancel}</Button>
        {todo.recurrence && (
          <Button look="plain" onClick={() => save(null)}>
            {m.repeat.never}
          </Button>
        )}
      </div>
    </form>
  );
}
